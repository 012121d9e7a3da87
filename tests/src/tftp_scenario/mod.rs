//! TFTP scenarios: what is sent to a TFTP server and what must come of it, as text that people can read.
//!
//! ```text
//! # What the scenario is about.
//! serve -vv -s /srv/tftp
//! file five mode=644 = "hello"
//!
//! > rrq five tsize=0
//! < 1 oack tsize=5
//! . notice RRQ from 10.77.0.2 filename five
//!
//! > ack 0
//! < 1 data 1 "hello"
//!
//! > ack 1
//! x 1
//! ```
//!
//! A line `>` is a step; the lines after it are all that must follow, and all of it must. They lose no octet, so equal text means equal
//! octets. They are recorded from the original (`RECORD=1` rewrites them) and then read by a person; ours is held against the same text.
//!
//! | line | what has happened |
//! |---|---|
//! | `< 1 data 1 "hello"` | a datagram came to client `a` from the first port that has answered in this scenario; `< b 2 …` to another client |
//! | `x 1` | the server has closed that port |
//! | `. notice RRQ from …` | the server has logged this, facility daemon |
//! | `\| …` | what a step that shows something shows |
//! | `= exit 64` | the server has ended |
//! | `original: < …`, `ours: < …` | what only one of the two does, on purpose: the head's `differs WORDS` are words of `differences.md` that say why |
//!
//! The head names what there is before the first step:
//!
//! | line | meaning |
//! |---|---|
//! | `serve WORDS` | the server's words, behind `-L` and a retransmission interval of minutes unless they bring their own; else `-vv -s /srv/tftp` |
//! | `inetd ADDRESS` | the server gets a socket that is bound to this address as its standard input, and no `-L` |
//! | `client b 10.77.0.4` | one more client; `a` is 10.77.0.2 |
//! | `disk full 8192` | the server sees an empty directory `full` that holds no more octets; what is in it cannot be shown |
//! | `mtu 1500` | the largest packet on the link, else 65535 |
//! | `show ports` | ports instead of numbers in the order of arrival |
//! | `map` … `end` | rules, given to the server by `-m` |
//! | `file`, `directory`, `link`, `fifo`, `socket` | see [`tree`]; relative names are below `/srv/tftp`. `/srv/hosts.allow` and `/srv/hosts.deny` are in the place of those of `/etc` |
//!
//! Steps:
//!
//! | step | what it does |
//! |---|---|
//! | `[b:] DATAGRAM [to=WHERE] ; …` | sends datagrams (see [`packet`]), requests and raw ones to port 69, others to the port that answered last. `WHERE` is the number of a port, `69`, an address, or an address and a port |
//! | `get NAME …`, `put NAME … = CONTENT` | a whole transfer; what was read is held against the file |
//! | `… ; await 3`, `… ; await gone` | waits for so many datagrams, or until the server has closed the port; shows what came, with the gap before each in doublings of `-T` |
//! | `restart WORDS`, `map RULES` | a new server; rules are parted by `⏎`, and `⇥ ␍ ␋ ␌` stand for what they look like |
//! | `run WORDS` | runs a server that is expected to end |
//! | `signal HUP` | sends the server a signal |
//! | `show NAME …`, `file …`, `remove NAME`, `rename NAME NAME`, … | looks at files and changes them |
//! | `lock NAME read`, `unlock NAME` | takes a lock as another program would |
//! | `close b` | the client's port is closed; its next datagram comes from another one |
//!
//! A step is over when the server is still: see [`still`]. That is how "no answer" is known without waiting.

mod clients;
mod content;
mod packet;
mod parse;
mod play;
mod server;
mod stage;
mod still;
mod transfer;
mod tree;

pub use parse::{Audience, Line, Scenario, Step, read};
pub use play::{Happened, run};
pub use stage::Stage;
