//! Datagrams as text: what a client sends, and what the server answers.
//!
//! ```text
//! rrq NAME [mode=octet] [OPTION=VALUE …]     wrq NAME …       words may hold \x20 and other escapes; "" is an empty one
//! data 1 "text"     ack 1     error 4 "text"     oack blksize=1468
//! raw 0001 "f" 00 "octet" 00                  hexadecimal digits and quoted text
//! ```

use super::content;
use crate::failure::{Failure, Result};

/// Reads a datagram.
///
/// # Errors
/// If it is not understood.
pub fn parse(text: &str) -> Result<Vec<u8>> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    match verb {
        "rrq" => request(1, rest),
        "wrq" => request(2, rest),
        "data" => numbered(3, rest, content::parse),
        "ack" => numbered(4, rest, content::parse),
        "error" => numbered(5, rest, |text| Ok(with_nul(content::parse(text)?))),
        "oack" => strings(
            6,
            rest.split(' ')
                .filter(|word| !word.is_empty())
                .flat_map(pair),
        ),
        "raw" => raw(rest),
        _ => Err(Failure::new(format!("no datagram: {text}"))),
    }
}

/// Whether it goes to the listening port if nothing else is said.
#[must_use]
pub fn opens_a_transfer(text: &str) -> bool {
    ["rrq ", "wrq ", "raw "]
        .iter()
        .any(|verb| text.starts_with(verb))
}

fn request(opcode: u8, words: &str) -> Result<Vec<u8>> {
    let mut words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return Err(Failure::new("a request without a name"));
    }
    let name = words.remove(0);
    let mode = words.first().and_then(|word| word.strip_prefix("mode="));
    let options = words.iter().skip(usize::from(mode.is_some()));
    strings(
        opcode,
        [name, mode.unwrap_or("octet")]
            .into_iter()
            .chain(options.flat_map(|word| pair(word))),
    )
}

fn pair(word: &str) -> [&str; 2] {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    [name, value]
}

fn strings<'a>(opcode: u8, words: impl Iterator<Item = &'a str>) -> Result<Vec<u8>> {
    let mut packet = vec![0, opcode];
    for word in words {
        let word = if word == "\"\"" { "" } else { word };
        let octets = content::unescape(word);
        packet.extend(octets.ok_or_else(|| Failure::new(format!("no word: {word}")))?);
        packet.push(0);
    }
    Ok(packet)
}

fn numbered(opcode: u8, text: &str, body: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let (number, rest) = text.split_once(' ').unwrap_or((text, ""));
    let number: u16 = number
        .parse()
        .map_err(|_| Failure::new(format!("no number: {text}")))?;
    let head = [&[0, opcode][..], &number.to_be_bytes()].concat();
    Ok([head, body(rest)?].concat())
}

fn raw(text: &str) -> Result<Vec<u8>> {
    let mut packet = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => rest.rfind('"').map_or(rest.len(), |_| end_of_quoted(rest)),
            _ => rest.find(' ').unwrap_or(rest.len()),
        };
        let (word, tail) = rest.split_at(end);
        packet.extend(match first {
            '"' => content::parse(word)?,
            _ if word.contains('"') => content::parse(word)?,
            _ => hex(word)?,
        });
        rest = tail.trim_start();
    }
    Ok(packet)
}

fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    let inside = text.bytes().skip(1).position(|octet| {
        let closes = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    });
    inside.map_or(text.len(), |position| position + 2)
}

fn hex(word: &str) -> Result<Vec<u8>> {
    let octet = |at| u8::from_str_radix(word.get(at..at + 2)?, 16).ok();
    let octets: Option<Vec<u8>> = (0..word.len()).step_by(2).map(octet).collect();
    octets.ok_or_else(|| Failure::new(format!("no hexadecimal octets: {word}")))
}

/// The text of a server's datagram, without losing an octet.
#[must_use]
pub fn render(packet: &[u8]) -> String {
    let plain = || {
        let digits: String = packet.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("raw {digits}")
    };
    symbolic(packet)
        .filter(|text| parse(text).is_ok_and(|again| again == packet))
        .unwrap_or_else(plain)
}

fn symbolic(packet: &[u8]) -> Option<String> {
    let (head, body) = packet.split_at_checked(4).unwrap_or((packet, &[]));
    let number = || Some(u16::from_be_bytes([*head.get(2)?, *head.get(3)?]));
    match head {
        [0, 3, ..] => Some(format!("data {} {}", number()?, content::render(body))),
        [0, 4, ..] if body.is_empty() => Some(format!("ack {}", number()?)),
        [0, 5, ..] => Some(format!(
            "error {} {}",
            number()?,
            content::render(without_nul(body)?)
        )),
        [0, 6, ..] => Some(format!("oack {}", pairs(packet.get(2..)?)?)),
        _ => None,
    }
}

fn pairs(octets: &[u8]) -> Option<String> {
    let strings: Vec<String> = without_nul(octets)?
        .split(|octet| *octet == 0)
        .map(word)
        .collect();
    let pairs = strings
        .chunks(2)
        .map(|pair| Some(format!("{}={}", pair.first()?, pair.get(1)?)));
    Some(pairs.collect::<Option<Vec<_>>>()?.join(" "))
}

fn word(octets: &[u8]) -> String {
    let text = octets.escape_ascii().to_string();
    text.replace(' ', "\\x20").replace('=', "\\x3d")
}

fn with_nul(mut octets: Vec<u8>) -> Vec<u8> {
    octets.push(0);
    octets
}

fn without_nul(octets: &[u8]) -> Option<&[u8]> {
    octets.strip_suffix(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_a_mode_and_options_in_their_order() {
        assert_eq!(
            parse("rrq a\\x20b blksize=8 tsize=0").unwrap(),
            b"\0\x01a b\0octet\0blksize\x008\0tsize\x000\0"
        );
        assert_eq!(parse("wrq \"\" mode=mail").unwrap(), b"\0\x02\0mail\0");
    }

    #[test]
    fn answers_come_back_as_they_were() {
        for packet in [
            &b"\0\x03\0\x01hello"[..],
            b"\0\x03\xff\xff",
            b"\0\x04\0\x07",
            b"\0\x05\0\x02File not found\0",
            b"\0\x06blksize\x001468\0tsize\x000\0",
            b"\0\x06od d=\x001\0",
            b"\0\x05\0\x02no nul",
            b"\0\x06odd\0",
            b"\0\x09x",
            b"",
        ] {
            let text = render(packet);
            assert_eq!(parse(&text).unwrap(), packet, "{text}");
        }
    }

    #[test]
    fn raw_datagrams_mix_digits_and_text() {
        assert_eq!(
            parse("raw 0001 \"f \" 00 3*\"x\"").unwrap(),
            b"\0\x01f \0xxx"
        );
        assert!(parse("raw 0g").is_err());
        assert!(parse("ack x").is_err());
    }
}
