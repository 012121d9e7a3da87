//! Expressions and the original's own idea of precedence (reference isc-dhcpd-config.md, section 6.4).

use common::syntax::{Kind, Token};

use super::keywords::{is_later_function, is_reserved, keyword};
use super::parser::{Failure, Parsed, Parser};
use super::words;
use crate::eval::ast::{Boolean, Data, Number, Operator};

/// An expression of any kind.
pub(super) enum Expression {
    Data(Data),
    Boolean(Boolean),
    Number(Number),
}

/// What kind of expression is wanted. It decides only what a bare number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Boolean,
    Data,
    Number,
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
    Equal,
    Unequal,
    And,
    Or,
    Arithmetic(Operator),
}

impl Binary {
    /// The higher, the tighter.
    fn precedence(self) -> u8 {
        match self {
            Self::Arithmetic(Operator::Multiply | Operator::Divide | Operator::Remainder) => 1,
            Self::Arithmetic(Operator::Add | Operator::Subtract) => 2,
            Self::And | Self::Or => 3,
            Self::Equal | Self::Unequal => 4,
            Self::Arithmetic(Operator::And | Operator::Or | Operator::Xor) => 5,
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

impl Expression {
    fn kind(&self) -> Wanted {
        match self {
            Self::Data(_) => Wanted::Data,
            Self::Boolean(_) => Wanted::Boolean,
            Self::Number(_) => Wanted::Number,
        }
    }
}

impl Parser<'_> {
    pub(super) fn boolean_expression(&mut self) -> Parsed<Boolean> {
        match self.expression(Wanted::Boolean)? {
            Expression::Boolean(found) => Ok(found),
            _ => self.fail(words::NOT_BOOLEAN),
        }
    }

    pub(super) fn data_expression(&mut self) -> Parsed<Data> {
        match self.expression(Wanted::Data)? {
            Expression::Data(found) => Ok(found),
            _ => self.fail(words::NOT_DATA),
        }
    }

    pub(super) fn number_expression(&mut self) -> Parsed<Number> {
        match self.expression(Wanted::Number)? {
            Expression::Number(found) => Ok(found),
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
        loop {
            let right = self.right_hand_side(left.kind())?;
            let next = self.operator_ahead()?;
            match next {
                Some(next) if next.precedence() > operator.precedence() => {
                    self.take();
                    let right = self.tighter_chain(right, next)?;
                    return self.combine(left, operator, right);
                }
                Some(next) => {
                    left = self.combine(left, operator, right)?;
                    self.take();
                    operator = next;
                }
                None => return self.combine(left, operator, right),
            }
        }
    }

    fn tighter_chain(&mut self, left: Expression, operator: Binary) -> Parsed<Expression> {
        match self.nested(|parser| parser.chain(left, operator)) {
            Err(Failure::Unreported) => self.fail(words::SUBEXPRESSION),
            other => other,
        }
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
            return Ok(Some(Binary::And));
        }
        if self.is_word(&token, "or") {
            return Ok(Some(Binary::Or));
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
        if token.is('=') || token.is('~') {
            return self.refuse_later();
        }
        self.fail_and_skip(words::REGEX_OPERATOR)
    }

    fn combine(
        &mut self,
        left: Expression,
        operator: Binary,
        right: Expression,
    ) -> Parsed<Expression> {
        if left.kind() != right.kind() {
            return self.fail_and_skip(words::DIFFERENT_TYPES);
        }
        let boxed = match (operator, left, right) {
            (Binary::Equal, Expression::Data(a), Expression::Data(b)) => {
                Boolean::DataEqual(a.into(), b.into())
            }
            (Binary::Unequal, Expression::Data(a), Expression::Data(b)) => {
                Boolean::DataUnequal(a.into(), b.into())
            }
            (Binary::Equal, Expression::Number(a), Expression::Number(b)) => {
                Boolean::NumberEqual(a.into(), b.into())
            }
            (Binary::Unequal, Expression::Number(a), Expression::Number(b)) => {
                Boolean::NumberUnequal(a.into(), b.into())
            }
            (Binary::And, Expression::Boolean(a), Expression::Boolean(b)) => {
                Boolean::And(a.into(), b.into())
            }
            (Binary::Or, Expression::Boolean(a), Expression::Boolean(b)) => {
                Boolean::Or(a.into(), b.into())
            }
            (Binary::Arithmetic(operator), Expression::Number(a), Expression::Number(b)) => {
                let result = Number::Arithmetic(operator, a.into(), b.into());
                return Ok(Expression::Number(result));
            }
            (operator, _, _) => return self.fail_and_skip(wrong_operands(operator)),
        };
        Ok(Expression::Boolean(boxed))
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
            Kind::Number if wanted == Wanted::Number => self.literal_number(),
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

    fn literal_number(&mut self) -> Parsed<Expression> {
        let token = self.take();
        let value = self.number(&token, 0, 32);
        let negative = self.cursor.text_of(&token).starts_with('-');
        let value = if negative {
            i64::from(i32::from_ne_bytes(value.to_ne_bytes()))
        } else {
            i64::from(value)
        };
        Ok(Expression::Number(Number::Constant(value)))
    }

    fn hex_data(&mut self) -> Parsed<Expression> {
        let value = self.hex_list()?.into();
        Ok(Expression::Data(Data::Constant(value)))
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
        if is_later_function(&word) {
            return self.refuse_later();
        }
        if is_reserved(&word) || keyword(&word).is_some() {
            return Err(Failure::Unreported);
        }
        self.variable(token)
    }

    /// Variables cannot be set yet, so each has the value of one that was never set.
    fn variable(&mut self, token: &Token) -> Parsed<Expression> {
        self.take();
        if self.peek().is('(') {
            let name = self.text(token);
            return self.fail_and_skip(words::not_supported(name));
        }
        Ok(Expression::Data(Data::Null))
    }

    /// `None`: no boolean expression begins with this word.
    fn boolean_operand(&mut self, word: &str) -> Option<Parsed<Boolean>> {
        let simple = match word {
            "not" => return Some(self.negation()),
            "exists" => return Some(self.exists()),
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
            Err(Failure::Unreported) => self.fail_and_skip(words::MATCH_EXPRESSION),
            Err(failure) => Err(failure),
            Ok(Expression::Boolean(inner)) => Ok(Boolean::Not(inner.into())),
            Ok(_) => self.fail_and_skip(words::BOOLEAN_EXPRESSION),
        }
    }

    fn exists(&mut self) -> Parsed<Boolean> {
        self.take();
        self.known_option().map(Boolean::Exists)
    }

    fn number_operand(&mut self, word: &str) -> Option<Parsed<Number>> {
        match word {
            "extract-int" => Some(self.extract_int()),
            "lease-time" => {
                self.take();
                Some(Ok(Number::LeaseTime))
            }
            _ => None,
        }
    }

    fn extract_int(&mut self) -> Parsed<Number> {
        self.open_call()?;
        let data = self.data_argument()?;
        self.comma()?;
        let width = self.integer_width()?;
        self.close_call()?;
        Ok(Number::ExtractInt(data.into(), width))
    }
}

fn wrong_operands(operator: Binary) -> &'static str {
    match operator {
        Binary::And | Binary::Or => words::BOOLEAN_EXPRESSIONS,
        Binary::Equal | Binary::Unequal => words::COMPARABLE_EXPRESSIONS,
        Binary::Arithmetic(_) => words::NUMERIC_EXPRESSIONS,
    }
}
