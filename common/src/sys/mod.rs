//! System calls that need `unsafe`; nothing else in the project may use it.
