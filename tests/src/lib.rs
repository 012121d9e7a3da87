//! Tools of the behaviour suite: subjects, labs of network namespaces, test clients and scenarios.

pub mod boot;
pub mod client;
pub mod contest;
pub mod dhcp;
pub mod dhcp_load;
pub mod differential;
pub mod failure;
pub mod gaps;
pub mod lab;
pub mod load;
pub mod scenario;
pub mod soak;
pub mod subject;
pub mod tftp;
pub mod tftp_differential;
pub mod tftp_scenario;
pub mod wait;
