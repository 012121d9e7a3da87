//! rtftpd: a TFTP server that is a drop-in for tftpd-hpa.
#![forbid(unsafe_code)]
