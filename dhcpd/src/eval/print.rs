//! Statements as text, in the original's layout: how the lease file keeps `on` blocks.
//!
//! The original prints one word at a time and begins a new line where a word would go beyond column 79.

use std::fmt::Write;

use super::ast::{
    Action, Assignment, Boolean, Call, Connective, Data, Events, Expression, Number, Operator,
    Part, Statement, Subject,
};
use super::chain::Chain;
use crate::options::{OptionId, Registry, SpaceId};

/// Last column that is used.
const WIDTH: usize = 79;

/// Prints statements, each on lines of its own that begin with `indent` spaces. The text begins with a new line.
#[must_use]
pub fn print_block(block: &[Statement], registry: &Registry, indent: usize) -> String {
    let mut printer = Printer {
        text: String::new(),
        column: 0,
        registry,
    };
    printer.block(block, indent);
    printer.text
}

struct Printer<'r> {
    text: String,
    column: usize,
    registry: &'r Registry,
}

impl Printer<'_> {
    fn line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.len();
    }

    /// A word; on a line of its own with `indent` spaces if there is no room, otherwise behind `before`.
    fn word(&mut self, indent: usize, before: &str, word: &str, behind: &str) {
        if self.column + before.len() + word.len() > WIDTH {
            self.line(indent);
        } else {
            self.put(before);
        }
        self.put(word);
        if !behind.is_empty() && self.column + behind.len() > WIDTH {
            self.line(indent);
        } else {
            self.put(behind);
        }
    }

    fn block(&mut self, block: &[Statement], indent: usize) {
        for statement in block {
            self.statement(statement, indent);
        }
    }

    fn statement(&mut self, statement: &Statement, indent: usize) {
        match &statement.action {
            Action::Case(value) => {
                self.line(indent.saturating_sub(1));
                self.put("case ");
                self.expression(value, indent + 5, true);
                self.word(indent + 5, "", ":", "");
                return;
            }
            Action::DefaultCase => {
                self.line(indent.saturating_sub(1));
                return self.put("default: ");
            }
            _ => self.line(indent),
        }
        match &statement.action {
            Action::Assign { option, how, value } => self.assignment(*option, *how, value, indent),
            Action::If {
                branches,
                otherwise,
            } => self.conditional(branches, otherwise, indent),
            Action::Switch(subject, block) => self.switch(subject, block, indent),
            Action::Log { level, text } => {
                self.log(&format!("{level:?}").to_lowercase(), text, indent);
            }
            Action::Fatal(text) => self.log("fatal", text, indent),
            Action::Set(name, value) => self.set(name, value, indent),
            Action::Unset(name) => self.put(&format!("unset {name} ;")),
            Action::Define(name, function) => {
                self.put(&format!(
                    "define {name} ({}) {{",
                    function.parameters.join(", ")
                ));
                self.block(&function.body, indent + 2);
                self.line(indent);
                self.put("}");
            }
            Action::Evaluate(value) => self.single("eval ", value, indent),
            // The original leaves the value out; outside of functions it has no effect.
            Action::Return(_) => self.put("return;"),
            Action::On(events, handler) => {
                self.put(&format!("on {}", event_names(*events)));
                let Some(handler) = handler else {
                    return self.put(";");
                };
                self.put(" {");
                self.block(&handler.body, indent + 2);
                self.line(indent);
                self.put("}");
            }
            Action::Execute(program, arguments) => self.execute(program, arguments, indent),
            Action::Break => self.put("break;"),
            Action::ParseVendorOption => self.put("parse-vendor-option;"),
            Action::AddClass(_) | Action::Case(_) | Action::DefaultCase => {}
        }
    }

    fn single(&mut self, keyword: &str, value: &Expression, indent: usize) {
        self.put(keyword);
        self.expression(value, indent + keyword.len(), true);
        self.put(";");
    }

    fn assignment(&mut self, option: OptionId, how: Assignment, value: &Data, indent: usize) {
        let keyword = match how {
            Assignment::Replace => "supersede ",
            Assignment::Default => "default ",
            Assignment::Append => "append ",
            Assignment::Prepend => "prepend ",
        };
        let name = self.option_name(option);
        self.put(&format!("{keyword}{name} = "));
        self.data(value, indent + 6, true);
        self.put(";");
    }

    fn conditional(
        &mut self,
        branches: &[(Boolean, Vec<Statement>)],
        otherwise: &[Statement],
        indent: usize,
    ) {
        for (index, (condition, block)) in branches.iter().enumerate() {
            if index > 0 {
                self.line(indent);
            }
            let keyword = if index > 0 { "} elsif " } else { "if " };
            self.put(keyword);
            self.boolean(condition, indent + 3, true);
            self.word(indent + 2, " ", "{", "");
            self.block(block, indent + 2);
        }
        if !otherwise.is_empty() {
            self.line(indent);
            self.put("} else {");
            self.block(otherwise, indent + 2);
        }
        self.line(indent);
        self.put("}");
    }

    fn switch(&mut self, subject: &Subject, block: &[Statement], indent: usize) {
        self.put("switch (");
        match subject {
            Subject::Data(data) => self.data(data, indent + 7, true),
            Subject::Number(number) => self.number(number, indent + 7, true),
            Subject::Boolean(boolean) => self.boolean(boolean, indent + 7, true),
        }
        self.word(indent + 7, "", ")", "");
        self.word(indent, " ", "{", "");
        self.block(block, indent + 2);
        self.line(indent);
        self.put("}");
    }

    fn log(&mut self, level: &str, text: &Data, indent: usize) {
        self.put("log ");
        self.word(indent + 4, "", "(", "");
        self.word(indent + 4, "", &format!("{level},"), " ");
        self.data(text, indent + 4, false);
        self.word(indent + 4, "", ");", "");
    }

    fn set(&mut self, name: &str, value: &Expression, indent: usize) {
        self.put("set ");
        self.word(indent + 4, "", name, "");
        self.word(indent + 4, " ", "=", " ");
        self.expression(value, indent + 3, false);
        self.word(indent + 4, " ", ";", "");
    }

    fn execute(&mut self, program: &[u8], arguments: &[Data], indent: usize) {
        self.put(&format!("execute ({}", quoted(program)));
        for argument in arguments {
            self.word(indent + 4, "", ",", " ");
            self.data(argument, indent + 4, false);
        }
        self.put(");");
    }

    fn expression(&mut self, expression: &Expression, indent: usize, first: bool) {
        match expression {
            Expression::Data(data) => self.data(data, indent, first),
            Expression::Boolean(boolean) => self.boolean(boolean, indent, first),
            Expression::Number(number) => self.number(number, indent, first),
            Expression::Variable(name) => self.word(indent, "", name, ""),
            Expression::Call(call) => self.call(call, indent),
        }
    }

    fn call(&mut self, call: &Call, indent: usize) {
        self.word(indent, "", &call.name, " ");
        self.word(indent, "", "(", "");
        let inner = self.column;
        for (index, argument) in call.arguments.iter().enumerate() {
            if index > 0 {
                self.word(inner, "", ",", " ");
            }
            self.expression(argument, inner, true);
        }
        self.word(indent, "", ")", "");
    }

    fn boolean(&mut self, boolean: &Boolean, indent: usize, first: bool) {
        match boolean {
            Boolean::Constant(value) => self.word(indent, "", &value.to_string(), ""),
            Boolean::DataEqual(left, right) => {
                self.data(left, indent, first);
                self.word(indent, " ", "=", " ");
                self.data(right, indent + 2, false);
            }
            Boolean::DataUnequal(left, right) => {
                self.data(left, indent, first);
                self.word(indent, " ", "!=", " ");
                self.data(right, indent + 2, false);
            }
            Boolean::NumberEqual(left, right) => {
                self.number(left, indent, first);
                self.word(indent, " ", "=", " ");
                self.number(right, indent + 2, false);
            }
            Boolean::NumberUnequal(left, right) => {
                self.number(left, indent, first);
                self.word(indent, " ", "!=", " ");
                self.number(right, indent + 2, false);
            }
            Boolean::Equal(left, right) => {
                self.expression(left, indent, first);
                self.word(indent, " ", "=", " ");
                self.expression(right, indent + 2, false);
            }
            Boolean::Unequal(left, right) => {
                self.expression(left, indent, first);
                self.word(indent, " ", "!=", " ");
                self.expression(right, indent + 2, false);
            }
            Boolean::Matches(found) => {
                self.data(&found.data, indent, first);
                let operator = if found.ignores_case { "~~" } else { "~=" };
                self.word(indent, " ", operator, " ");
                self.data(&found.pattern, indent + 2, false);
            }
            Boolean::Junction(chain) => self.junction(chain, indent),
            Boolean::Not(inner) => {
                self.word(indent, "", "not", " ");
                self.boolean(inner, indent + 1, true);
            }
            Boolean::Exists(id) => {
                let name = self.option_name(*id);
                self.word(indent, "", "exists", " ");
                self.word(indent, "", &name, "");
            }
            Boolean::Known => self.word(indent, "", "known", ""),
            Boolean::Static => self.word(indent, "", "static", ""),
            Boolean::Defined(name) => self.word(indent, "", &format!("defined ({name})"), ""),
            Boolean::Check => self.word(indent, "", "check \"default\"", ""),
            Boolean::Variable(name) => self.word(indent, "", name, ""),
            Boolean::Call(call) => self.call(call, indent),
        }
    }

    fn junction(&mut self, chain: &Chain<Boolean, Connective>, indent: usize) {
        self.boolean(&chain.first, indent, true);
        for link in &chain.rest {
            let word = match link.operator {
                Connective::And => "and",
                Connective::Or => "or",
            };
            self.word(indent, " ", word, " ");
            self.boolean(&link.operand, indent + 2, false);
        }
    }

    fn number(&mut self, number: &Number, indent: usize, first: bool) {
        match number {
            Number::Constant(value) => self.word(indent, "", &value.to_string(), ""),
            Number::ExtractInt(data, width) => {
                self.start("extract-int", indent, first);
                let inner = self.column;
                self.data(data, inner, true);
                self.word(inner, "", ",", " ");
                self.word(inner, " ", &width.to_string(), "");
                self.word(indent, "", ")", "");
            }
            Number::LeaseTime => self.word(indent, "", "lease-time", ""),
            Number::ClientState => self.word(indent, "", "client-state", ""),
            Number::Arithmetic(chain) => {
                self.number(&chain.first, indent, first);
                for link in &chain.rest {
                    self.word(indent, " ", operator_mark(link.operator), " ");
                    self.number(&link.operand, indent + 2, false);
                }
            }
            Number::Variable(name) => self.word(indent, "", name, ""),
            Number::Call(call) => self.call(call, indent),
        }
    }

    /// A function's name and parenthesis. One that is not the first thing on its line begins a new one.
    fn start(&mut self, name: &str, indent: usize, first: bool) {
        if !first {
            self.line(indent);
        }
        self.word(indent, "", name, "");
        self.word(indent, " ", "(", "");
    }

    fn list(&mut self, name: &str, items: &[Data], indent: usize, first: bool) {
        self.start(name, indent, first);
        let inner = self.column;
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.word(inner, "", ",", " ");
            }
            self.data(item, inner, index == 0);
        }
        self.word(indent, "", ")", "");
    }

    /// `a, b, c` are a concatenation of one of `a` and `b`, and `c`.
    /// A function of a number and data.
    fn numbered(&mut self, name: &str, number: &Number, data: &Data, indent: usize, first: bool) {
        self.start(name, indent, first);
        let inner = self.column;
        self.number(number, inner, true);
        self.word(inner, "", ",", " ");
        self.data(data, inner, false);
        self.word(indent, "", ")", "");
    }

    fn concat(&mut self, parts: &[Data], indent: usize, first: bool) {
        let Some((front, rest)) = parts.split_first() else {
            return;
        };
        let (mut outer, mut is_first) = (indent, first);
        let mut columns = Vec::new();
        for _ in rest {
            self.start("concat", outer, is_first);
            columns.push((outer, self.column));
            outer = self.column;
            is_first = true;
        }
        self.data(front, outer, true);
        for (part, (outer, inner)) in rest.iter().zip(columns.into_iter().rev()) {
            self.word(inner, "", ",", " ");
            self.data(part, inner, false);
            self.word(outer, "", ")", "");
        }
    }

    fn data(&mut self, data: &Data, indent: usize, first: bool) {
        match data {
            Data::Constant(bytes) => self.constant(bytes, indent),
            Data::Assembled(parts) => {
                for part in parts {
                    match part {
                        Part::Bytes(bytes) => self.constant(bytes, indent),
                        Part::Addresses(name) | Part::FirstAddress(name) => {
                            self.word(indent, "", &format!("gethostbyname (\"{name}\")"), "");
                        }
                    }
                }
            }
            Data::Null => self.word(indent, "", "null", ""),
            Data::Option(id) => self.option("option", *id, indent, first),
            Data::ConfigOption(id) => self.option("config-option", *id, indent, first),
            Data::Hardware => self.word(indent, "", "hardware", ""),
            Data::Packet(offset, length) => {
                self.start("packet", indent, first);
                self.numbers([offset, length], indent);
            }
            Data::Substring(data, offset, length) => {
                self.start("substring", indent, first);
                let inner = self.column;
                self.data(data, inner, true);
                self.word(inner, "", ",", " ");
                self.numbers([offset, length], indent);
            }
            Data::Suffix(data, length) => {
                self.start("suffix", indent, first);
                let inner = self.column;
                self.data(data, inner, true);
                self.word(inner, "", ",", " ");
                self.number(length, inner, false);
                self.word(indent, "", ")", "");
            }
            Data::Concat(parts) => self.concat(parts, indent, first),
            Data::Pick(parts) => self.list("pick-first-value", parts, indent, first),
            Data::Lower(data) => self.list("lcase", std::slice::from_ref(data), indent, first),
            Data::Upper(data) => self.list("ucase", std::slice::from_ref(data), indent, first),
            Data::Reverse(width, data) => self.numbered("reverse", width, data, indent, first),
            Data::Relay(number, data) => self.numbered("v6relay", number, data, indent, first),
            Data::BinaryToAscii {
                base,
                width,
                separator,
                data,
            } => {
                self.start("binary-to-ascii", indent, first);
                let inner = self.column;
                self.number(base, inner, true);
                self.word(inner, "", ",", " ");
                self.number(width, inner, false);
                self.word(inner, "", ",", " ");
                self.data(separator, inner, false);
                self.word(inner, "", ",", " ");
                self.data(data, inner, false);
                self.word(indent, "", ")", "");
            }
            Data::EncodeInt(number, width) => {
                self.start("encode-int", indent, first);
                let inner = self.column;
                self.number(number, inner, true);
                self.word(inner, "", ",", " ");
                self.word(inner, " ", &width.to_string(), "");
                self.word(indent, "", ")", "");
            }
            Data::HostName => self.word(indent, "", "host-decl-name", ""),
            Data::LeasedAddress => self.word(indent, "", "leased-address", ""),
            Data::Filename => self.word(indent, "", "filename", ""),
            Data::ServerName => self.word(indent, "", "server-name", ""),
            Data::OwnName => self.word(indent, "", "gethostname()", ""),
            Data::HostAddresses(name) => {
                self.word(indent, "", &format!("gethostbyname (\"{name}\")"), "");
            }
            Data::Variable(name) => self.word(indent, "", name, ""),
            Data::Call(call) => self.call(call, indent),
        }
    }

    fn numbers(&mut self, [offset, length]: [&Number; 2], indent: usize) {
        let inner = self.column;
        self.number(offset, inner, true);
        self.word(inner, "", ",", " ");
        self.number(length, inner, false);
        self.word(indent, "", ")", "");
    }

    fn option(&mut self, keyword: &str, id: OptionId, indent: usize, first: bool) {
        if !first {
            self.line(indent);
        }
        let name = self.option_name(id);
        self.word(indent, "", keyword, " ");
        self.word(indent, "", &name, "");
    }

    /// Text as text, other bytes in hexadecimal.
    fn constant(&mut self, bytes: &[u8], indent: usize) {
        let text = bytes
            .iter()
            .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        let word = match text {
            true => quoted(bytes),
            false => hex(bytes),
        };
        self.word(indent, "", &word, "");
    }

    fn option_name(&self, id: OptionId) -> String {
        let name = self.registry.name(id);
        let space = self.registry.space(id.space);
        match space.filter(|_| id.space != SpaceId::DHCP) {
            Some(space) => format!("{}.{name}", space.name),
            None => name.into_owned(),
        }
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            // A String takes whatever is written to it.
            _ => drop(write!(text, "\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

fn hex(bytes: &[u8]) -> String {
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(":")
}

fn operator_mark(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Remainder => "%",
        Operator::And => "&",
        Operator::Or => "|",
        Operator::Xor => "^",
    }
}

fn event_names(events: Events) -> String {
    let names = [
        (events.expiry, "expiry"),
        (events.commit, "commit"),
        (events.release, "release"),
    ];
    let set: Vec<&str> = names
        .into_iter()
        .filter(|row| row.0)
        .map(|row| row.1)
        .collect();
    set.join(" or ")
}
