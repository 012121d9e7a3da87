//! Functions that yield data.

use common::syntax::Kind;

use super::parser::{Failure, Parsed, Parser};
use super::words;
use crate::eval::ast::{Data, Number};

impl Parser<'_> {
    /// `None`: no data expression begins with this word.
    pub(super) fn data_operand(&mut self, word: &str) -> Option<Parsed<Data>> {
        if let Some(simple) = simple_data(word) {
            self.take();
            return Some(Ok(simple));
        }
        let result = match word {
            "option" => self.option_of_request(),
            "config-option" => self.option_of_reply(),
            "substring" => self.substring(),
            "suffix" => self.suffix(),
            "lcase" => self.wrapped(Data::Lower),
            "ucase" => self.wrapped(Data::Upper),
            "concat" => self.concat(),
            "pick" | "pick-first-value" => self.pick(),
            "packet" => self.packet(),
            "reverse" => self.reverse(),
            "binary-to-ascii" => self.binary_to_ascii(),
            "encode-int" => self.encode_int(),
            "gethostname" => self.own_name(),
            "gethostbyname" => self.host_addresses(),
            "v6relay" => self.relay6(),
            _ => return None,
        };
        Some(result)
    }

    fn option_of_request(&mut self) -> Parsed<Data> {
        self.take();
        self.known_option().map(Data::Option)
    }

    fn option_of_reply(&mut self) -> Parsed<Data> {
        self.take();
        self.known_option().map(Data::ConfigOption)
    }

    fn substring(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let data = self.data_argument()?;
        self.comma()?;
        let offset = self.number_argument()?;
        self.comma()?;
        let length = self.number_argument()?;
        self.close_call()?;
        Ok(Data::Substring(data.into(), offset.into(), length.into()))
    }

    fn suffix(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let data = self.data_argument()?;
        self.comma()?;
        let length = self.number_argument()?;
        self.close_call()?;
        Ok(Data::Suffix(data.into(), length.into()))
    }

    fn wrapped(&mut self, wrap: fn(Box<Data>) -> Data) -> Parsed<Data> {
        self.open_call()?;
        let data = self.data_argument()?;
        self.close_call()?;
        Ok(wrap(data.into()))
    }

    /// At least two parts.
    fn concat(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let mut parts = vec![self.data_argument()?];
        self.comma()?;
        self.arguments_to_end(&mut parts)?;
        Ok(Data::Concat(parts))
    }

    fn pick(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let mut parts = Vec::new();
        self.arguments_to_end(&mut parts)?;
        Ok(Data::Pick(parts))
    }

    fn arguments_to_end(&mut self, parts: &mut Vec<Data>) -> Parsed<()> {
        loop {
            parts.push(self.data_argument()?);
            let token = self.take();
            if token.is(')') {
                return Ok(());
            }
            if !token.is(',') {
                return self.fail(words::RIGHT_PARENTHESIS);
            }
        }
    }

    fn packet(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let offset = self.number_argument()?;
        self.comma()?;
        let length = self.number_argument()?;
        self.close_call()?;
        Ok(Data::Packet(offset.into(), length.into()))
    }

    fn reverse(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let width = self.number_as_data()?;
        self.comma()?;
        let data = self.data_argument()?;
        self.close_call()?;
        Ok(Data::Reverse(width.into(), data.into()))
    }

    fn binary_to_ascii(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let base = self.number_as_data()?.into();
        self.comma()?;
        let width = self.number_as_data()?.into();
        self.comma()?;
        let separator = self.data_argument()?.into();
        self.comma()?;
        let data = self.data_argument()?.into();
        self.close_call()?;
        Ok(Data::BinaryToAscii {
            base,
            width,
            separator,
            data,
        })
    }

    fn encode_int(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let Ok(number) = self.number_expression() else {
            // Said of every fault, also of one that has been reported.
            return self.fail_and_skip(words::NUMERIC_EXPRESSION);
        };
        self.comma()?;
        let width = self.integer_width()?;
        self.close_call()?;
        Ok(Data::EncodeInt(number.into(), width))
    }

    fn own_name(&mut self) -> Parsed<Data> {
        self.open_call()?;
        self.close_call()?;
        Ok(Data::OwnName)
    }

    fn host_addresses(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::QUOTED_NAME);
        }
        let name = self.text(&token);
        self.close_call()?;
        let name = self.build.add_name(&name);
        self.build.config.asked_names.push(name.clone());
        Ok(Data::HostAddresses(name))
    }

    fn relay6(&mut self) -> Parsed<Data> {
        self.open_call()?;
        let number = self.number_as_data()?;
        self.comma()?;
        let data = self.data_argument()?;
        self.close_call()?;
        Ok(Data::Relay(number.into(), data.into()))
    }

    /// A function's name, and the parenthesis behind it.
    pub(super) fn open_call(&mut self) -> Parsed<()> {
        self.take();
        self.require('(', words::LEFT_PARENTHESIS)
    }

    pub(super) fn close_call(&mut self) -> Parsed<()> {
        self.require(')', words::RIGHT_PARENTHESIS)
    }

    pub(super) fn comma(&mut self) -> Parsed<()> {
        self.require(',', words::COMMA)
    }

    pub(super) fn data_argument(&mut self) -> Parsed<Data> {
        match self.data_expression() {
            Err(Failure::Unreported) => self.fail_and_skip(words::DATA_EXPRESSION),
            other => other,
        }
    }

    fn number_argument(&mut self) -> Parsed<Number> {
        match self.number_expression() {
            Err(Failure::Unreported) => self.fail_and_skip(words::NUMERIC_EXPRESSION),
            other => other,
        }
    }

    /// A number whose absence the original calls that of data.
    fn number_as_data(&mut self) -> Parsed<Number> {
        match self.number_expression() {
            Err(Failure::Unreported) => self.fail_and_skip(words::DATA_EXPRESSION),
            other => other,
        }
    }

    /// Bits of an integer: 8, 16 or 32.
    pub(super) fn integer_width(&mut self) -> Parsed<u8> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail(words::INTEGER_SIZE);
        }
        match self.cursor.text_of(&token).parse() {
            Ok(width @ (8 | 16 | 32)) => Ok(width),
            _ => {
                let size = self.text(&token);
                // The parenthesis belongs to what is shown.
                self.peek();
                self.fail_and_skip(words::integer_size(&size))
            }
        }
    }
}

fn simple_data(word: &str) -> Option<Data> {
    let found = match word {
        "hardware" => Data::Hardware,
        "host-decl-name" => Data::HostName,
        "leased-address" => Data::LeasedAddress,
        "filename" => Data::Filename,
        "server-name" => Data::ServerName,
        "null" => Data::Null,
        _ => return None,
    };
    Some(found)
}
