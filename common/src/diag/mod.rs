//! Messages about a configuration: collected, then printed.
