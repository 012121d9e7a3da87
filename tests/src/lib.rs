//! Tools of the behaviour suite: subjects, labs of network namespaces, and test clients.

pub mod boot;
pub mod failure;
pub mod lab;
