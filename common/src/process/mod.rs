//! What makes a program a daemon: detaching, pid file, privileges, readiness, panic hook.
