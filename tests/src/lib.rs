//! Tools of the behaviour suite: subjects, labs of network namespaces, and test clients.
