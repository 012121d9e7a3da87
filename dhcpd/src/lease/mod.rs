//! Leases: record, table, allocation, expiry, and their file.
