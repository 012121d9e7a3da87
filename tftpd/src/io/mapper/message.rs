//! What the server and the processes that apply the rules say to each other. Every answer carries the number of its
//! question, so that an answer that nobody waits for any more is told from the one that is expected.

use std::net::IpAddr;

use crate::io::frames::{Packer, Unpacker};
use crate::remap::Outcome;
use crate::wire::Direction;

/// From the server to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Use the rules of this file from now on.
    Load {
        id: u32,
        /// Rules looked at for one request.
        steps: u32,
        file: Vec<u8>,
    },
    /// What do the rules make of this request?
    Map { id: u32, job: Job },
    /// The answer to [`Answer::CanOpen`].
    Openable(bool),
}

/// A request whose name shall be mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io) struct Job {
    pub(in crate::io) direction: Direction,
    pub(in crate::io) client: IpAddr,
    pub(in crate::io) name: Vec<u8>,
    /// Whether the log wants to know what happens on the way.
    pub(in crate::io) traced: bool,
}

/// Something wrong in a map file, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io) struct Finding {
    pub(in crate::io) line: u32,
    pub(in crate::io) column: u32,
    pub(in crate::io) width: u32,
    pub(in crate::io) text: String,
    pub(in crate::io) help: Option<String>,
}

/// From a worker to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The file is read. With findings it is not used, and the old rules are gone.
    Loaded {
        id: u32,
        has_rules: bool,
        findings: Vec<Finding>,
    },
    /// Could the request be served under this name?
    CanOpen(Vec<u8>),
    /// What the rules made of a request, and lines for a talkative log.
    Mapped {
        id: u32,
        outcome: Outcome,
        lines: Vec<String>,
    },
    /// There are no rules: the worker is new.
    NotLoaded { id: u32 },
    /// The worker has died. This comes from its keeper.
    Died,
}

const LOAD: u8 = 0;
const MAP: u8 = 1;
const OPENABLE: u8 = 2;

const LOADED: u8 = 0;
const CAN_OPEN: u8 = 1;
const MAPPED: u8 = 2;
const NOT_LOADED: u8 = 3;
const DIED: u8 = 4;

const NAME: u8 = 0;
const REFUSED: u8 = 1;
const REFUSED_WITH_TEXT: u8 = 2;
const ENDLESS: u8 = 3;

impl Question {
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Load { id, steps, file } => Packer::default()
                .byte(LOAD)
                .number(*id)
                .number(*steps)
                .bytes(file),
            Self::Map { id, job } => Packer::default()
                .byte(MAP)
                .number(*id)
                .byte((job.direction == Direction::Write).into())
                .byte(job.traced.into())
                .bytes(job.client.to_string().as_bytes())
                .bytes(&job.name),
            Self::Openable(is_there) => Packer::default().byte(OPENABLE).byte((*is_there).into()),
        }
        .done()
    }

    pub(super) fn decode(frame: &[u8]) -> Option<Self> {
        let mut frame = Unpacker(frame);
        Some(match frame.byte()? {
            LOAD => Self::Load {
                id: frame.number()?,
                steps: frame.number()?,
                file: frame.bytes()?.to_vec(),
            },
            MAP => Self::Map {
                id: frame.number()?,
                job: Job::decode(&mut frame)?,
            },
            OPENABLE => Self::Openable(frame.byte()? != 0),
            _ => return None,
        })
    }
}

impl Job {
    fn decode(frame: &mut Unpacker<'_>) -> Option<Self> {
        let direction = match frame.byte()? {
            0 => Direction::Read,
            _ => Direction::Write,
        };
        Some(Self {
            direction,
            traced: frame.byte()? != 0,
            client: frame.text()?.parse().ok()?,
            name: frame.bytes()?.to_vec(),
        })
    }
}

impl Answer {
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Loaded {
                id,
                has_rules,
                findings,
            } => {
                let packer = Packer::default()
                    .byte(LOADED)
                    .number(*id)
                    .byte((*has_rules).into());
                findings.iter().fold(packer, Finding::encode)
            }
            Self::CanOpen(name) => Packer::default().byte(CAN_OPEN).bytes(name),
            Self::Mapped { id, outcome, lines } => {
                let packer = encode_outcome(outcome, Packer::default().byte(MAPPED).number(*id));
                lines
                    .iter()
                    .fold(packer, |packer, line| packer.bytes(line.as_bytes()))
            }
            Self::NotLoaded { id } => Packer::default().byte(NOT_LOADED).number(*id),
            Self::Died => Packer::default().byte(DIED),
        }
        .done()
    }

    pub(super) fn decode(frame: &[u8]) -> Option<Self> {
        let mut frame = Unpacker(frame);
        Some(match frame.byte()? {
            LOADED => Self::Loaded {
                id: frame.number()?,
                has_rules: frame.byte()? != 0,
                findings: std::iter::from_fn(|| Finding::decode(&mut frame)).collect(),
            },
            CAN_OPEN => Self::CanOpen(frame.bytes()?.to_vec()),
            MAPPED => Self::Mapped {
                id: frame.number()?,
                outcome: decode_outcome(&mut frame)?,
                lines: std::iter::from_fn(|| frame.text()).collect(),
            },
            NOT_LOADED => Self::NotLoaded {
                id: frame.number()?,
            },
            DIED => Self::Died,
            _ => return None,
        })
    }
}

impl Finding {
    fn encode(packer: Packer, finding: &Self) -> Packer {
        let packer = packer
            .number(finding.line)
            .number(finding.column)
            .number(finding.width)
            .bytes(finding.text.as_bytes());
        packer.bytes(finding.help.as_deref().unwrap_or_default().as_bytes())
    }

    fn decode(frame: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            line: frame.number()?,
            column: frame.number()?,
            width: frame.number()?,
            text: frame.text()?,
            help: frame.text().filter(|help| !help.is_empty()),
        })
    }
}

fn encode_outcome(outcome: &Outcome, packer: Packer) -> Packer {
    match outcome {
        Outcome::Name(name) => packer.byte(NAME).bytes(name),
        Outcome::Refused(None) => packer.byte(REFUSED).bytes(&[]),
        Outcome::Refused(Some(text)) => packer.byte(REFUSED_WITH_TEXT).bytes(text),
        Outcome::Endless(last) => packer.byte(ENDLESS).bytes(last),
    }
}

fn decode_outcome(frame: &mut Unpacker<'_>) -> Option<Outcome> {
    let kind = frame.byte()?;
    let bytes = frame.bytes()?.to_vec();
    Some(match kind {
        NAME => Outcome::Name(bytes),
        REFUSED => Outcome::Refused(None),
        REFUSED_WITH_TEXT => Outcome::Refused(Some(bytes)),
        ENDLESS => Outcome::Endless(bytes),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_over_whole() {
        let job = Job {
            direction: Direction::Write,
            client: "fd77::2".parse().unwrap(),
            name: b"a\xffb".to_vec(),
            traced: true,
        };
        let load = Question::Load {
            id: 1,
            steps: 1024,
            file: b"r a b".to_vec(),
        };
        for question in [load, Question::Map { id: 2, job }, Question::Openable(true)] {
            assert_eq!(Question::decode(&question.encode()), Some(question));
        }
    }

    #[test]
    fn answers_come_over_whole() {
        let finding = |help: Option<&str>| Finding {
            line: 3,
            column: 5,
            width: 2,
            text: "wrong".into(),
            help: help.map(str::to_owned),
        };
        let loaded = Answer::Loaded {
            id: 1,
            has_rules: true,
            findings: vec![finding(None), finding(Some("so"))],
        };
        let mapped = |outcome| Answer::Mapped {
            id: 2,
            outcome,
            lines: vec!["one".into(), String::new()],
        };
        let answers = [
            loaded,
            mapped(Outcome::Name(b"x".to_vec())),
            mapped(Outcome::Refused(None)),
            mapped(Outcome::Refused(Some(Vec::new()))),
            mapped(Outcome::Endless(b"y".to_vec())),
            Answer::CanOpen(b"z".to_vec()),
            Answer::NotLoaded { id: 3 },
            Answer::Died,
        ];
        for answer in answers {
            assert_eq!(Answer::decode(&answer.encode()), Some(answer));
        }
    }
}
