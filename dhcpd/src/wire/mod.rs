//! DHCPv4 messages as bytes: a checked view of the request, and the builder of the reply.
