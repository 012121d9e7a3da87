//! Reads one object of JSON strictly by RFC 8259, as far as the transfer log needs it: no arrays.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
    Object(BTreeMap<String, Value>),
    Null,
}

/// The object in a line. Panics if the line is anything else, or names a member twice.
pub fn object(line: &str) -> BTreeMap<String, Value> {
    let mut reader = Reader(line);
    let object = reader.object();
    assert_eq!(reader.0, "", "behind the object in {line}");
    object
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn accept(&mut self, mark: char) -> bool {
        let rest = self.0.strip_prefix(mark);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, mark: char) {
        assert!(self.accept(mark), "no {mark} in front of {}", self.0);
    }

    fn next(&mut self) -> char {
        let mut rest = self.0.chars();
        let next = rest.next().unwrap();
        self.0 = rest.as_str();
        next
    }

    fn object(&mut self) -> BTreeMap<String, Value> {
        let mut members = BTreeMap::new();
        self.expect('{');
        if self.accept('}') {
            return members;
        }
        loop {
            let name = self.text();
            self.expect(':');
            let value = self.value();
            assert_eq!(members.insert(name, value), None, "named twice");
            if !self.accept(',') {
                self.expect('}');
                return members;
            }
        }
    }

    fn value(&mut self) -> Value {
        match self.0.chars().next() {
            Some('"') => Value::Text(self.text()),
            Some('n') => {
                "null".chars().for_each(|letter| self.expect(letter));
                Value::Null
            }
            Some('{') => Value::Object(self.object()),
            _ => Value::Number(self.number()),
        }
    }

    fn text(&mut self) -> String {
        self.expect('"');
        let mut text = String::new();
        loop {
            match self.next() {
                '"' => return text,
                '\\' => text.push(self.escape()),
                plain => {
                    assert!(plain >= ' ', "a control character in a string");
                    text.push(plain);
                }
            }
        }
    }

    fn escape(&mut self) -> char {
        match self.next() {
            'u' => {
                let digits: String = (0..4).map(|_| self.next()).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap()
            }
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            mark => {
                assert!("\"\\/".contains(mark), "no escape: {mark}");
                mark
            }
        }
    }

    fn number(&mut self) -> f64 {
        let end = self.0.find([',', '}']).unwrap();
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        let whole = unsigned.split('.').next().unwrap();
        assert!(
            whole == "0" || !whole.starts_with('0'),
            "no number: {digits}"
        );
        digits.parse().unwrap()
    }
}
