//! Expressions and the original's own idea of precedence (reference isc-dhcpd-config.md, section 6.4).

use common::syntax::{Kind, Token};

use super::keywords::{is_reserved, keyword, named_number};
use super::numbers::leading_decimal;
use super::parser::{Failure, Parsed, Parser};
use super::words;
use crate::eval::ast::{
    Boolean, Call, Connective, Data, Expression, Match, Name, Number, Operator,
};
use crate::eval::chain::Chain;
use crate::eval::compile;

/// What kind of expression is wanted. It decides only what a bare number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Boolean,
    Data,
    Number,
    /// Data or a number, whichever it is; a bare number is one.
    Either,
    /// Whatever a variable holds or a function returns.
    Any,
}

/// How often the result of a comparison may be compared within one expression.
const COMPARISON_LIMIT: usize = 8;

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
    Equal,
    Unequal,
    /// `~=`
    Matches,
    /// `~~`
    MatchesAnyCase,
    Junction(Connective),
    Arithmetic(Operator),
}

/// A left-hand side that waits until all that binds tighter has been read.
type Waiting = (Expression, Binary);

impl Binary {
    /// The higher, the tighter.
    fn precedence(self) -> u8 {
        match self {
            Self::Arithmetic(Operator::Multiply | Operator::Divide | Operator::Remainder) => 1,
            Self::Arithmetic(Operator::Add | Operator::Subtract) => 2,
            Self::Junction(_) => 3,
            Self::Equal | Self::Unequal | Self::Matches | Self::MatchesAnyCase => 4,
            Self::Arithmetic(Operator::And | Operator::Or | Operator::Xor) => 5,
        }
    }

    /// What kind of operand is read behind it where it takes one from a looser operator.
    fn wants(self) -> Wanted {
        match self {
            Self::Arithmetic(_) => Wanted::Number,
            Self::Junction(_) => Wanted::Boolean,
            Self::Equal | Self::Unequal | Self::Matches | Self::MatchesAnyCase => Wanted::Data,
        }
    }
}

const OPERATOR_MARKS: &[(char, Binary)] = &[
    ('=', Binary::Equal),
    ('+', Binary::Arithmetic(Operator::Add)),
    ('*', Binary::Arithmetic(Operator::Multiply)),
    ('/', Binary::Arithmetic(Operator::Divide)),
    ('%', Binary::Arithmetic(Operator::Remainder)),
    ('&', Binary::Arithmetic(Operator::And)),
    ('|', Binary::Arithmetic(Operator::Or)),
    ('^', Binary::Arithmetic(Operator::Xor)),
];

fn kind(expression: &Expression) -> Wanted {
    match expression {
        Expression::Data(_) => Wanted::Data,
        Expression::Boolean(_) => Wanted::Boolean,
        Expression::Number(_) => Wanted::Number,
        Expression::Variable(_) | Expression::Call(_) => Wanted::Any,
    }
}

impl Parser<'_> {
    pub(super) fn boolean_expression(&mut self) -> Parsed<Boolean> {
        match self.expression(Wanted::Boolean)? {
            Expression::Boolean(found) => Ok(found),
            Expression::Variable(name) => Ok(Boolean::Variable(name)),
            Expression::Call(call) => Ok(Boolean::Call(call.into())),
            _ => self.fail(words::NOT_BOOLEAN),
        }
    }

    pub(super) fn data_expression(&mut self) -> Parsed<Data> {
        match self.expression(Wanted::Data)? {
            Expression::Data(found) => Ok(found),
            Expression::Variable(name) => Ok(Data::Variable(name)),
            Expression::Call(call) => Ok(Data::Call(call.into())),
            _ => self.fail(words::NOT_DATA),
        }
    }

    pub(super) fn number_expression(&mut self) -> Parsed<Number> {
        match self.expression(Wanted::Number)? {
            Expression::Number(found) => Ok(found),
            Expression::Variable(name) => Ok(Number::Variable(name)),
            Expression::Call(call) => Ok(Number::Call(call.into())),
            _ => self.fail(words::NOT_NUMERIC),
        }
    }

    pub(super) fn expression(&mut self, wanted: Wanted) -> Parsed<Expression> {
        self.nested(|parser| {
            let first = parser.operand(wanted)?;
            match parser.operator()? {
                None => Ok(first),
                Some(operator) => parser.chain(first, operator),
            }
        })
    }

    /// What follows a left-hand side and its operator. A tighter operator takes all the rest of the expression to its
    /// right-hand side.
    fn chain(&mut self, first: Expression, operator: Binary) -> Parsed<Expression> {
        let (mut left, mut operator) = (first, operator);
        let mut wanted = kind(&left);
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            let right = self.right_hand_side(wanted)?;
            let next = self.operator_ahead()?;
            match next {
                Some(next) if next.precedence() > operator.precedence() => {
                    self.take();
                    waiting.push((left, operator));
                    wanted = next.wants();
                    (left, operator) = (right, next);
                }
                Some(next) => {
                    wanted = kind(&right);
                    left = self.combine(left, operator, right)?;
                    self.take();
                    operator = next;
                }
                None => {
                    let last = self.combine(left, operator, right)?;
                    return self.close(waiting, last);
                }
            }
        }
    }

    /// Gives everything that waits its right-hand side.
    fn close(&mut self, waiting: Vec<Waiting>, last: Expression) -> Parsed<Expression> {
        let mut right = last;
        for (left, operator) in waiting.into_iter().rev() {
            right = match (left, operator, right) {
                (left, Binary::Junction(connective), Expression::Boolean(right))
                    if kind(&left) != Wanted::Data && kind(&left) != Wanted::Number =>
                {
                    let left = closed_junction(self.truth(left)?);
                    let group = left.before(connective, junction(right));
                    Expression::Boolean(Boolean::Junction(group.into()))
                }
                (left, Binary::Arithmetic(operator), Expression::Number(right))
                    if kind(&left) != Wanted::Data && kind(&left) != Wanted::Boolean =>
                {
                    let left = closed_arithmetic(self.quantity(left)?);
                    let group = left.before(operator, arithmetic(right));
                    Expression::Number(Number::Arithmetic(group.into()))
                }
                (left, operator, right) => self.combine(left, operator, right)?,
            };
        }
        Ok(right)
    }

    fn right_hand_side(&mut self, wanted: Wanted) -> Parsed<Expression> {
        match self.operand(wanted) {
            Err(Failure::Unreported) => self.fail_and_skip(words::RIGHT_HAND_SIDE),
            other => other,
        }
    }

    fn operator(&mut self) -> Parsed<Option<Binary>> {
        let found = self.operator_ahead()?;
        if found.is_some() {
            self.take();
        }
        Ok(found)
    }

    /// The operator that comes next; its last token is still to be taken.
    fn operator_ahead(&mut self) -> Parsed<Option<Binary>> {
        let token = self.peek();
        if self.is_word(&token, "and") {
            return Ok(Some(Binary::Junction(Connective::And)));
        }
        if self.is_word(&token, "or") {
            return Ok(Some(Binary::Junction(Connective::Or)));
        }
        match token.kind {
            Kind::Mark('!') => self.unequal(),
            Kind::Mark('~') => self.regex(),
            Kind::Mark(mark) => {
                let found = OPERATOR_MARKS.iter().find(|row| row.0 == mark);
                Ok(found.map(|row| row.1))
            }
            _ => Ok(None),
        }
    }

    fn unequal(&mut self) -> Parsed<Option<Binary>> {
        self.take();
        if self.peek().is('=') {
            return Ok(Some(Binary::Unequal));
        }
        self.fail_and_skip(words::BANG)
    }

    fn regex(&mut self) -> Parsed<Option<Binary>> {
        self.take();
        let token = self.peek();
        if token.is('=') {
            return Ok(Some(Binary::Matches));
        }
        if token.is('~') {
            return Ok(Some(Binary::MatchesAnyCase));
        }
        self.fail_and_skip(words::REGEX_OPERATOR)
    }

    fn combine(
        &mut self,
        left: Expression,
        operator: Binary,
        right: Expression,
    ) -> Parsed<Expression> {
        let (of_left, of_right) = (kind(&left), kind(&right));
        if of_left != of_right && of_left != Wanted::Any && of_right != Wanted::Any {
            return self.fail_and_skip(words::DIFFERENT_TYPES);
        }
        match operator {
            Binary::Equal => self.comparison(left, right, Equality::EQUAL),
            Binary::Unequal => self.comparison(left, right, Equality::UNEQUAL),
            Binary::Matches => self.search(left, right, false),
            Binary::MatchesAnyCase => self.search(left, right, true),
            Binary::Junction(connective) => self.join(left, connective, right),
            Binary::Arithmetic(operator) => self.compute(left, operator, right),
        }
    }

    fn comparison(
        &mut self,
        left: Expression,
        right: Expression,
        equality: Equality,
    ) -> Parsed<Expression> {
        let boolean = match (left, right) {
            (Expression::Data(a), Expression::Data(b)) => (equality.of_data)(a.into(), b.into()),
            (Expression::Number(a), Expression::Number(b)) => {
                (equality.of_numbers)(a.into(), b.into())
            }
            (_, Expression::Boolean(_)) => return self.fail_and_skip(words::COMPARABLE_EXPRESSION),
            (a, b) => {
                if comparisons_within(&a) >= COMPARISON_LIMIT {
                    return self.fail_and_skip(words::TOO_DEEP);
                }
                (equality.of_any)(a.into(), b.into())
            }
        };
        Ok(Expression::Boolean(boolean))
    }

    /// `~=`, `~~`
    fn search(
        &mut self,
        left: Expression,
        right: Expression,
        ignores_case: bool,
    ) -> Parsed<Expression> {
        let (Some(data), Some(pattern)) = (searchable(left), pattern(right, ignores_case)) else {
            return self.fail_and_skip(words::SEARCHABLE_EXPRESSION);
        };
        let compiled = match &pattern {
            Data::Constant(pattern) => Some(compile(pattern, ignores_case)),
            _ => None,
        };
        let found = Match {
            data,
            pattern,
            ignores_case,
            compiled,
        };
        Ok(Expression::Boolean(Boolean::Matches(found.into())))
    }

    fn join(
        &mut self,
        left: Expression,
        connective: Connective,
        right: Expression,
    ) -> Parsed<Expression> {
        let (left, right) = (self.truth(left)?, self.truth(right)?);
        let mut chain = closed_junction(left);
        chain.push(connective, right);
        Ok(Expression::Boolean(Boolean::Junction(chain.into())))
    }

    fn truth(&mut self, operand: Expression) -> Parsed<Boolean> {
        match operand {
            Expression::Boolean(found) => Ok(found),
            Expression::Variable(name) => Ok(Boolean::Variable(name)),
            Expression::Call(call) => Ok(Boolean::Call(call.into())),
            _ => self.fail_and_skip(words::BOOLEAN_EXPRESSIONS),
        }
    }

    fn compute(
        &mut self,
        left: Expression,
        operator: Operator,
        right: Expression,
    ) -> Parsed<Expression> {
        let (left, right) = (self.quantity(left)?, self.quantity(right)?);
        let mut chain = closed_arithmetic(left);
        chain.push(operator, right);
        Ok(Expression::Number(Number::Arithmetic(chain.into())))
    }

    fn quantity(&mut self, operand: Expression) -> Parsed<Number> {
        match operand {
            Expression::Number(found) => Ok(found),
            Expression::Variable(name) => Ok(Number::Variable(name)),
            Expression::Call(call) => Ok(Number::Call(call.into())),
            _ => self.fail_and_skip(words::NUMERIC_EXPRESSIONS),
        }
    }

    fn operand(&mut self, wanted: Wanted) -> Parsed<Expression> {
        let token = self.peek();
        match token.kind {
            Kind::Mark('(') => self.in_parentheses(wanted),
            Kind::String => {
                self.take();
                let value = self.bytes(&token).into();
                Ok(Expression::Data(Data::Constant(value)))
            }
            Kind::Number if matches!(wanted, Wanted::Number | Wanted::Either) => {
                self.literal_number()
            }
            Kind::Number => self.hex_data(),
            Kind::Name | Kind::NumberOrName => self.named_operand(&token),
            _ => Err(Failure::Unreported),
        }
    }

    fn in_parentheses(&mut self, wanted: Wanted) -> Parsed<Expression> {
        self.take();
        let inner = match self.expression(wanted) {
            Err(Failure::Unreported) => return self.fail_and_skip(words::EXPRESSION),
            other => other?,
        };
        self.expect(')', words::RIGHT_PAREN)?;
        Ok(inner)
    }

    /// A decimal number, up to the first character that is no digit.
    fn literal_number(&mut self) -> Parsed<Expression> {
        let token = self.take();
        let value = leading_decimal(self.cursor.text_of(&token));
        Ok(Expression::Number(Number::Constant(value.into())))
    }

    /// What is wrong with a list is reported, and then there is no expression.
    fn hex_data(&mut self) -> Parsed<Expression> {
        let value = self.hex_list().map_err(|_| Failure::Unreported)?;
        Ok(Expression::Data(Data::Constant(value.into())))
    }

    fn named_operand(&mut self, token: &Token) -> Parsed<Expression> {
        let word = self.text(token).to_ascii_lowercase();
        if let Some(result) = self.boolean_operand(&word) {
            return result.map(Expression::Boolean);
        }
        if let Some(result) = self.number_operand(&word) {
            return result.map(Expression::Number);
        }
        if let Some(result) = self.data_operand(&word) {
            return result.map(Expression::Data);
        }
        if token.kind == Kind::NumberOrName {
            return self.hex_data();
        }
        if is_reserved(&word) || keyword(&word).is_some() {
            return Err(Failure::Unreported);
        }
        self.variable(token)
    }

    /// A variable, or a function with its arguments.
    fn variable(&mut self, token: &Token) -> Parsed<Expression> {
        self.take();
        let name = self.text(token).into();
        if !self.peek().is('(') {
            return Ok(Expression::Variable(name));
        }
        self.take();
        let mut arguments = Vec::new();
        loop {
            match self.expression(Wanted::Any) {
                Err(Failure::Unreported) => return self.fail_and_skip(words::EXPECTING_EXPRESSION),
                Err(failure) => {
                    self.skip_statement();
                    return Err(failure);
                }
                Ok(argument) => arguments.push(argument),
            }
            if !self.accept(',') {
                break;
            }
        }
        self.expect(')', words::CAPITAL_RIGHT_PARENTHESIS)?;
        Ok(Expression::Call(Call { name, arguments }))
    }

    /// `None`: no boolean expression begins with this word.
    fn boolean_operand(&mut self, word: &str) -> Option<Parsed<Boolean>> {
        let simple = match word {
            "not" => return Some(self.negation()),
            "exists" => return Some(self.exists()),
            "check" => return Some(self.collection()),
            "defined" => return Some(self.defined()),
            "known" => Boolean::Known,
            "static" => Boolean::Static,
            _ => return None,
        };
        self.take();
        Some(Ok(simple))
    }

    fn negation(&mut self) -> Parsed<Boolean> {
        self.take();
        let operand = self.nested(|parser| parser.operand(Wanted::Boolean));
        match operand {
            Err(Failure::Unreported) => self.fail_and_skip(words::EXPRESSION),
            Err(failure) => Err(failure),
            Ok(Expression::Boolean(inner)) => Ok(Boolean::Not(inner.into())),
            Ok(_) => self.fail_and_skip(words::BOOLEAN_EXPRESSION),
        }
    }

    fn exists(&mut self) -> Parsed<Boolean> {
        self.take();
        self.known_option().map(Boolean::Exists)
    }

    /// There is one collection of classes.
    fn collection(&mut self) -> Parsed<Boolean> {
        self.take();
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::STRING_EXPECTED);
        }
        if self.text(&token) != "default" {
            return self.fail(words::UNKNOWN_COLLECTION);
        }
        Ok(Boolean::Check)
    }

    /// The parentheses may be missing.
    fn defined(&mut self) -> Parsed<Boolean> {
        self.take();
        let in_parentheses = self.accept('(');
        let name = self.variable_name()?;
        if in_parentheses && !self.take().is(')') {
            return self.fail(words::RIGHT_PARENTHESIS);
        }
        Ok(Boolean::Defined(name))
    }

    /// The name of a variable or a function; any word that no statement and no expression begins with.
    pub(super) fn variable_name(&mut self) -> Parsed<Name> {
        let token = self.take();
        let word = self.text(&token);
        if !is_variable_name(&token, &word) {
            return self.fail_and_skip(words::no_variable(&word));
        }
        Ok(word.into())
    }

    fn number_operand(&mut self, word: &str) -> Option<Parsed<Number>> {
        match word {
            "extract-int" => Some(self.extract_int()),
            "lease-time" => {
                self.take();
                Some(Ok(Number::LeaseTime))
            }
            "client-state" => {
                self.take();
                Some(Ok(Number::ClientState))
            }
            _ => {
                let constant = named_number(word)?;
                self.take();
                Some(Ok(Number::Constant(constant.into())))
            }
        }
    }

    fn extract_int(&mut self) -> Parsed<Number> {
        self.open_call()?;
        let argument = self.cursor.upcoming();
        let data = self.data_argument()?;
        self.comma()?;
        let width = self.integer_width()?;
        self.close_call()?;
        if width == 8 && matches!(&data, Data::Constant(octets) if octets.is_empty()) {
            self.error(words::EXTRACT_FROM_NOTHING);
            self.point_at(&argument);
        }
        Ok(Number::ExtractInt(data.into(), width))
    }
}

/// True for a word that no statement and no expression begins with.
pub(super) fn is_variable_name(token: &Token, word: &str) -> bool {
    token.is_identifier() && !is_reserved(word) && keyword(word).is_none()
}

/// How `=` and `!=` compare what.
#[derive(Clone, Copy)]
struct Equality {
    of_data: fn(Box<Data>, Box<Data>) -> Boolean,
    of_numbers: fn(Box<Number>, Box<Number>) -> Boolean,
    of_any: fn(Box<Expression>, Box<Expression>) -> Boolean,
}

impl Equality {
    const EQUAL: Self = Self {
        of_data: Boolean::DataEqual,
        of_numbers: Boolean::NumberEqual,
        of_any: Boolean::Equal,
    };
    const UNEQUAL: Self = Self {
        of_data: Boolean::DataUnequal,
        of_numbers: Boolean::NumberUnequal,
        of_any: Boolean::Unequal,
    };
}

/// A condition as a list of conditions.
fn junction(condition: Boolean) -> Chain<Boolean, Connective> {
    match condition {
        Boolean::Junction(chain) => *chain,
        single => Chain::of(single),
    }
}

/// A number as a list of numbers.
fn arithmetic(number: Number) -> Chain<Number, Operator> {
    match number {
        Number::Arithmetic(chain) => *chain,
        single => Chain::of(single),
    }
}

/// The same where more follows that must not join a group of the condition's own.
fn closed_junction(condition: Boolean) -> Chain<Boolean, Connective> {
    let chain = junction(condition);
    match chain.is_open() {
        true => Chain::of(Boolean::Junction(chain.into())),
        false => chain,
    }
}

/// The same where more follows that must not join a group of the number's own.
fn closed_arithmetic(number: Number) -> Chain<Number, Operator> {
    let chain = arithmetic(number);
    match chain.is_open() {
        true => Chain::of(Number::Arithmetic(chain.into())),
        false => chain,
    }
}

/// What a pattern may be looked for in.
fn searchable(left: Expression) -> Option<Data> {
    match left {
        Expression::Data(data) => Some(data),
        Expression::Variable(name) => Some(Data::Variable(name)),
        Expression::Call(call) => Some(Data::Call(call.into())),
        Expression::Boolean(_) | Expression::Number(_) => None,
    }
}

/// A pattern; what is only known when it is evaluated can be one behind `~~`, but not behind `~=`.
fn pattern(right: Expression, ignores_case: bool) -> Option<Data> {
    match right {
        Expression::Data(pattern) => Some(pattern),
        later if ignores_case => searchable(later),
        _ => None,
    }
}

/// How often an expression compares what a comparison says.
fn comparisons_within(expression: &Expression) -> usize {
    let (mut count, mut rest) = (0, expression);
    while let Expression::Boolean(Boolean::Equal(left, _) | Boolean::Unequal(left, _)) = rest {
        count += 1;
        rest = left;
    }
    count
}
