//! Statements as text, in the original's layout: how the lease file keeps `on` blocks.
//!
//! The original prints one word at a time and begins a new line where a word would go beyond column 79. It counts columns from where
//! it thinks that it is, which after the head of a statement, a variable or a word that fits nowhere is not where it is.

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
        let length = before.len() + word.len();
        if self.column + length <= WIDTH {
            self.put(before);
        } else if indent + length < WIDTH {
            self.line(indent);
        } else {
            self.line(self.column);
            self.column = (WIDTH - 1).saturating_sub(length);
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
            Action::Case(value) => self.case(value, indent),
            Action::DefaultCase => {
                self.line(indent.saturating_sub(1));
                self.put("default: ");
            }
            action => {
                self.line(indent);
                self.action(action, indent);
            }
        }
    }

    fn case(&mut self, value: &Expression, indent: usize) {
        self.line(indent.saturating_sub(1));
        self.put("case ");
        self.column = indent + 5;
        self.expression(value, indent + 5, true);
        self.word(indent + 5, "", ":", "");
    }

    fn action(&mut self, action: &Action, indent: usize) {
        match action {
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
            Action::Unset(name) => {
                self.put("unset ");
                self.word(indent + 6, "", name, "");
                self.word(indent + 6, " ", ";", "");
            }
            Action::Define(name, function) => {
                let parameters = function.parameters.join(", ");
                self.put(&format!("define {name} ({parameters})"));
                self.body(&function.body, indent);
            }
            Action::Evaluate(value) => {
                self.put("eval ");
                self.expression(value, indent + 5, true);
                self.put(";");
            }
            // The original leaves the value out; outside of functions it has no effect.
            Action::Return(_) => self.put("return;"),
            Action::On(events, handler) => {
                self.put(&format!("on {}", event_names(*events)));
                match handler {
                    Some(handler) => self.body(&handler.body, indent),
                    None => self.put(";"),
                }
            }
            Action::Execute(program, arguments) => self.execute(program, arguments, indent),
            Action::Break => self.put("break;"),
            Action::ParseVendorOption => self.put("parse-vendor-option;"),
            // The original leaves out the semicolon, and cannot read what it wrote.
            Action::AddClass(name, _) => self.put(&format!("add {};", quoted(name.as_bytes()))),
            // Labels were written by `statement`.
            Action::Case(_) | Action::DefaultCase => {}
        }
    }

    fn body(&mut self, block: &[Statement], indent: usize) {
        self.put(" {");
        self.block(block, indent + 2);
        self.line(indent);
        self.put("}");
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
        self.data(value, indent + 8, true);
        self.put(";");
    }

    fn conditional(
        &mut self,
        branches: &[(Boolean, Vec<Statement>)],
        otherwise: &[Statement],
        indent: usize,
    ) {
        self.put("if ");
        self.column = indent + 3;
        self.branches(branches, otherwise, indent, indent + 3);
        self.line(indent);
        self.put("}");
    }

    /// Conditions with their blocks, the first from this column on. An `if` that is all of an `else` becomes an `elsif`.
    fn branches(
        &mut self,
        branches: &[(Boolean, Vec<Statement>)],
        otherwise: &[Statement],
        indent: usize,
        column: usize,
    ) {
        let mut column = column;
        for (index, (condition, block)) in branches.iter().enumerate() {
            if index > 0 {
                column = self.alternative(indent);
            }
            self.boolean(condition, column);
            self.word(indent, " ", "{", "");
            self.block(block, indent + 2);
        }
        match otherwise.split_first() {
            None => {}
            Some((only, [])) => self.alternatives(only, indent),
            Some(_) => self.else_block(otherwise, indent),
        }
    }

    fn alternatives(&mut self, only: &Statement, indent: usize) {
        match &only.action {
            Action::If {
                branches,
                otherwise,
            } => {
                let column = self.alternative(indent);
                self.branches(branches, otherwise, indent, column);
            }
            _ => self.else_block(std::slice::from_ref(only), indent),
        }
    }

    /// Returns the column at which the condition begins, for the original.
    fn alternative(&mut self, indent: usize) -> usize {
        self.line(indent);
        self.put("} elsif ");
        self.column = indent + 6;
        self.column
    }

    fn else_block(&mut self, block: &[Statement], indent: usize) {
        self.line(indent);
        self.put("} else {");
        self.block(block, indent + 2);
    }

    fn switch(&mut self, subject: &Subject, block: &[Statement], indent: usize) {
        self.put("switch (");
        self.column = indent + 7;
        match subject {
            Subject::Data(data) => self.data(data, indent + 7, true),
            Subject::Number(number) => self.number(number, indent + 7, true),
            Subject::Boolean(boolean) => self.boolean(boolean, indent + 7),
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
        self.column = indent + 4;
        self.data(text, indent + 4, false);
        self.word(indent + 4, "", ");", "");
    }

    fn set(&mut self, name: &str, value: &Expression, indent: usize) {
        self.put("set ");
        self.word(indent + 4, "", name, "");
        self.word(indent + 4, " ", "=", " ");
        self.column = indent + 3;
        self.expression(value, indent + 3, false);
        self.word(indent + 4, " ", ";", "");
    }

    fn execute(&mut self, program: &[u8], arguments: &[Data], indent: usize) {
        let inner = indent + 4;
        self.column = inner;
        self.word(inner, "", "execute", "");
        self.word(inner, " ", "(", "");
        self.word(inner, "", &quoted(program), "");
        for argument in arguments {
            self.word(inner, "", ",", " ");
            self.data(argument, inner, false);
        }
        self.word(inner, "", ");", "");
    }

    fn expression(&mut self, expression: &Expression, indent: usize, first: bool) {
        match expression {
            Expression::Data(data) => self.data(data, indent, first),
            Expression::Boolean(boolean) => self.boolean(boolean, indent),
            Expression::Number(number) => self.number(number, indent, first),
            Expression::Variable(name) => self.variable(name, indent),
            Expression::Call(call) => self.call(call, indent),
        }
    }

    fn variable(&mut self, name: &str, indent: usize) {
        self.column = indent;
        self.word(indent, "", name, "");
    }

    fn call(&mut self, call: &Call, indent: usize) {
        self.variable(&call.name, indent);
        self.word(indent, " ", "(", "");
        for (index, argument) in call.arguments.iter().enumerate() {
            if index > 0 {
                self.word(indent, "", ",", " ");
            }
            self.expression(argument, indent, index == 0);
        }
        self.word(indent, "", ")", "");
    }

    fn boolean(&mut self, boolean: &Boolean, indent: usize) {
        match boolean {
            Boolean::DataEqual(left, right) => self.compare([left, right], "=", indent),
            Boolean::DataUnequal(left, right) => self.compare([left, right], "!=", indent),
            Boolean::NumberEqual(left, right) => self.compare_numbers([left, right], "=", indent),
            Boolean::NumberUnequal(left, right) => {
                self.compare_numbers([left, right], "!=", indent);
            }
            Boolean::Equal(left, right) => self.compare_any([left, right], "=", indent),
            Boolean::Unequal(left, right) => self.compare_any([left, right], "!=", indent),
            Boolean::Matches(found) => {
                let operator = if found.ignores_case { "~~" } else { "~=" };
                self.compare([&found.data, &found.pattern], operator, indent);
            }
            Boolean::Junction(chain) => self.junction(chain, indent),
            Boolean::Not(inner) => {
                self.word(indent, "", "not", " ");
                self.boolean(inner, indent + 2);
            }
            Boolean::Exists(id) => self.option("exists", *id, indent),
            Boolean::Known => self.word(indent, "", "known", ""),
            Boolean::Static => self.word(indent, "", "static", ""),
            Boolean::Defined(name) => {
                self.variable("defined", indent);
                self.word(indent, " ", "(", "");
                self.word(indent, "", name, "");
                self.word(indent, "", ")", "");
            }
            Boolean::Check => {
                self.word(indent, "", "check", "");
                self.word(indent, " ", "\"default\"", "");
            }
            Boolean::Variable(name) => self.variable(name, indent),
            Boolean::Call(call) => self.call(call, indent),
        }
    }

    fn compare(&mut self, [left, right]: [&Data; 2], operator: &str, indent: usize) {
        self.data(left, indent, true);
        self.word(indent, " ", operator, " ");
        self.data(right, indent + 2, false);
    }

    fn compare_numbers(&mut self, [left, right]: [&Number; 2], operator: &str, indent: usize) {
        self.number(left, indent, true);
        self.word(indent, " ", operator, " ");
        self.number(right, indent + 2, false);
    }

    fn compare_any(&mut self, [left, right]: [&Expression; 2], operator: &str, indent: usize) {
        self.expression(left, indent, true);
        self.word(indent, " ", operator, " ");
        self.expression(right, indent + 2, false);
    }

    /// What an operator opens is its right side, to the end.
    fn junction(&mut self, chain: &Chain<Boolean, Connective>, indent: usize) {
        let mut indent = indent;
        self.boolean(&chain.first, indent);
        for link in &chain.rest {
            let word = match link.operator {
                Connective::And => "and",
                Connective::Or => "or",
            };
            self.word(indent, " ", word, " ");
            self.boolean(&link.operand, indent + 2);
            indent += if link.opens { 2 } else { 0 };
        }
    }

    fn arithmetic(&mut self, chain: &Chain<Number, Operator>, indent: usize) {
        let mut indent = indent;
        self.number(&chain.first, indent, true);
        for link in &chain.rest {
            self.word(indent, " ", operator_mark(link.operator), " ");
            self.number(&link.operand, indent + 2, link.opens);
            indent += if link.opens { 2 } else { 0 };
        }
    }

    fn number(&mut self, number: &Number, indent: usize, first: bool) {
        match number {
            Number::Constant(value) => {
                let value = u64::from_ne_bytes(value.to_ne_bytes());
                self.word(indent, "", &value.to_string(), "");
            }
            Number::ExtractInt(data, width) => {
                let inner = self.start("extract-int", indent, first);
                self.data(data, indent, true);
                self.end_with_width(*width, indent, inner);
            }
            Number::LeaseTime => self.word(indent, "", "lease-time", ""),
            Number::ClientState => self.word(indent, "", "client-state", ""),
            Number::Arithmetic(chain) => self.arithmetic(chain, indent),
            Number::Variable(name) => self.variable(name, indent),
            Number::Call(call) => self.call(call, indent),
        }
    }

    fn end_with_width(&mut self, width: u8, indent: usize, inner: usize) {
        self.word(inner, "", ",", " ");
        self.word(inner, " ", &width.to_string(), "");
        self.word(indent, "", ")", "");
    }

    /// A function's name and parenthesis, on a new line if it is not the first thing; returns the column behind them.
    fn start(&mut self, name: &str, indent: usize, first: bool) -> usize {
        if !first {
            self.line(indent);
        }
        self.start_here(name, indent)
    }

    fn start_here(&mut self, name: &str, indent: usize) -> usize {
        self.word(indent, "", name, "");
        self.word(indent, " ", "(", "");
        self.column
    }

    fn pick(&mut self, items: &[Data], indent: usize, first: bool) {
        let inner = self.start("pick-first-value", indent, first);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.word(inner, "", ",", " ");
            }
            self.data(item, inner, index == 0);
        }
        self.word(indent, "", ")", "");
    }

    /// A function of data alone.
    fn simple(&mut self, name: &str, data: &Data, indent: usize) {
        let inner = self.start_here(name, indent);
        self.data(data, inner, true);
        self.word(indent, "", ")", "");
    }

    /// A function of a number and data.
    fn numbered(&mut self, name: &str, number: &Number, data: &Data, indent: usize, first: bool) {
        let inner = self.start(name, indent, first);
        self.number(number, inner, true);
        self.word(inner, "", ",", " ");
        self.data(data, inner, false);
        self.word(indent, "", ")", "");
    }

    /// `a, b, c` are a concatenation of one of `a` and `b`, and `c`.
    fn concat(&mut self, parts: &[Data], indent: usize, first: bool) {
        let Some((head, rest)) = parts.split_first() else {
            return;
        };
        let (mut column, mut first) = (indent, first);
        let mut opened = Vec::with_capacity(rest.len());
        for _ in rest {
            let inner = self.start("concat", column, first);
            opened.push((column, inner));
            (column, first) = (inner, true);
        }
        self.data(head, column, first);
        for (part, (outer, inner)) in rest.iter().zip(opened.into_iter().rev()) {
            self.tail(part, inner);
            self.word(outer, "", ")", "");
        }
    }

    /// The right side of a concatenation; one that stands there is written as part of the whole.
    fn tail(&mut self, part: &Data, inner: usize) {
        self.word(inner, "", ",", " ");
        let mut part = part;
        while let Data::Concat(parts) = part {
            let Some((last, front)) = parts.split_last() else {
                return;
            };
            self.concat(front, inner, false);
            self.word(inner, "", ",", " ");
            part = last;
        }
        self.data(part, inner, false);
    }

    fn data(&mut self, data: &Data, indent: usize, first: bool) {
        match data {
            Data::Constant(bytes) => self.constant(bytes, indent),
            Data::Assembled(parts) => self.assembled(parts, indent, first),
            Data::Null => self.word(indent, "", "null", ""),
            Data::Option(id) => self.option_on_a_line("option", *id, indent, first),
            Data::ConfigOption(id) => self.option_on_a_line("config-option", *id, indent, first),
            Data::Hardware => self.word(indent, "", "hardware", ""),
            Data::Packet(offset, length) => {
                let inner = self.start_here("packet", indent);
                self.number(offset, indent, true);
                self.word(inner, "", ",", " ");
                self.number(length, inner, false);
                self.word(indent, "", ")", "");
            }
            Data::Substring(data, offset, length) => {
                let inner = self.start("substring", indent, first);
                self.data(data, inner, true);
                self.word(indent, "", ",", " ");
                self.number(offset, indent, false);
                self.word(inner, "", ",", " ");
                self.number(length, inner, false);
                self.word(indent, "", ")", "");
            }
            Data::Suffix(data, length) => {
                let inner = self.start("suffix", indent, first);
                self.data(data, inner, true);
                self.word(inner, "", ",", " ");
                self.number(length, inner, false);
                self.word(indent, "", ")", "");
            }
            Data::Concat(parts) => self.concat(parts, indent, first),
            Data::Pick(parts) => self.pick(parts, indent, first),
            Data::Lower(data) => self.simple("lcase", data, indent),
            Data::Upper(data) => self.simple("ucase", data, indent),
            Data::Reverse(width, data) => self.numbered("reverse", width, data, indent, first),
            Data::Relay(number, data) => self.numbered("v6relay", number, data, indent, first),
            Data::BinaryToAscii {
                base,
                width,
                separator,
                data,
            } => {
                let inner = self.start("binary-to-ascii", indent, first);
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
                let inner = self.start("encode-int", indent, first);
                self.number(number, indent, true);
                self.end_with_width(*width, indent, inner);
            }
            Data::HostName => self.word(indent, "", "host-decl-name", ""),
            Data::LeasedAddress => self.word(indent, "", "leased-address", ""),
            Data::Filename => self.word(indent, "", "filename", ""),
            Data::ServerName => self.word(indent, "", "server-name", ""),
            Data::OwnName => self.word(indent, "", "gethostname()", ""),
            Data::HostAddresses(name) => self.look_up(name, indent),
            Data::Variable(name) => self.variable(name, indent),
            Data::Call(call) => self.call(call, indent),
        }
    }

    /// A list of values is a concatenation.
    fn assembled(&mut self, parts: &[Part], indent: usize, first: bool) {
        let values: Vec<Data> = parts.iter().map(as_expression).collect();
        self.concat(&values, indent, first);
    }

    fn look_up(&mut self, name: &str, indent: usize) {
        self.start_here("gethostbyname", indent);
        self.word(indent, "", &format!("\"{name}\""), "");
        self.word(indent, "", ")", "");
    }

    fn option_on_a_line(&mut self, keyword: &str, id: OptionId, indent: usize, first: bool) {
        if !first {
            self.line(indent);
        }
        self.option(keyword, id, indent);
    }

    fn option(&mut self, keyword: &str, id: OptionId, indent: usize) {
        self.word(indent, "", keyword, "");
        let name = self.registry.name(id);
        let space = self.registry.space(id.space);
        match space.filter(|_| id.space != SpaceId::DHCP) {
            None => self.word(indent, " ", &name, ""),
            Some(space) => {
                self.word(indent, " ", &space.name, "");
                self.word(indent, "", ".", "");
                self.word(indent, "", &name, "");
            }
        }
    }

    /// Text as text, other bytes in hexadecimal.
    fn constant(&mut self, bytes: &[u8], indent: usize) {
        let is_text = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        if bytes.iter().all(is_text) {
            return self.word(indent, "", &quoted(bytes), "");
        }
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                self.word(indent, "", ":", "");
            }
            self.word(indent, "", &format!("{byte:02x}"), "");
        }
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

fn as_expression(part: &Part) -> Data {
    let look_up = |name: &str| Data::HostAddresses(name.into());
    let number = |value| Box::new(Number::Constant(value));
    match part {
        Part::Bytes(bytes) => Data::Constant(bytes.clone()),
        Part::Addresses(name) => look_up(name),
        Part::FirstAddress(name) => Data::Substring(look_up(name).into(), number(0), number(4)),
    }
}

/// Text in quotes, as a configuration has it; the original leaves out the backslashes, and cannot read what it wrote.
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
