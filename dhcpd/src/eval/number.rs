//! Numbers: 64 bits that wrap, as the original's `unsigned long`.

use common::log::Level;

use super::ast::{Data, Number, Operator};
use super::chain::Chain;
use super::context::Evaluator;
use super::words;

impl<'e> Evaluator<'e> {
    /// The value of `expression`, or null.
    #[must_use]
    pub fn number(&self, expression: &'e Number) -> Option<u64> {
        match expression {
            Number::Constant(value) => Some(u64::from_ne_bytes(value.to_ne_bytes())),
            Number::ExtractInt(data, width) => self.extract(data, *width),
            Number::LeaseTime => self.lease_time(),
            Number::ClientState => None,
            Number::Arithmetic(chain) => self.arithmetic(chain),
            Number::Variable(name) => self.number_of(name),
            Number::Call(call) => {
                self.call_for_number(call);
                None
            }
        }
    }

    /// Every operand is evaluated, also behind one that is null.
    fn arithmetic(&self, chain: &'e Chain<Number, Operator>) -> Option<u64> {
        let mut waiting: Vec<(Option<u64>, Operator)> = Vec::new();
        let mut value = self.number(&chain.first);
        for link in &chain.rest {
            let operand = self.number(&link.operand);
            if link.opens {
                waiting.push((value, link.operator));
                value = operand;
            } else {
                value = compute(link.operator, value, operand);
            }
        }
        let group = |right, (left, operator)| compute(operator, left, right);
        waiting.into_iter().rev().fold(value, group)
    }

    fn extract(&self, data: &'e Data, width: u8) -> Option<u64> {
        let data = self.data(data)?;
        match width {
            8 => data.first().map(|first| u64::from(*first)),
            16 => data
                .first_chunk()
                .map(|bytes| u16::from_be_bytes(*bytes).into()),
            _ => data
                .first_chunk()
                .map(|bytes| u32::from_be_bytes(*bytes).into()),
        }
    }

    fn lease_time(&self) -> Option<u64> {
        let Some(lease) = self.context.lease else {
            self.context.log(Level::Error, words::no_lease());
            return None;
        };
        let (ends, now) = (lease.ends.seconds(), self.context.now.seconds());
        if ends < now {
            let text = words::lease_ended(ends, now);
            self.context.log(Level::Error, text);
            return None;
        }
        u64::try_from(ends - now).ok()
    }
}

fn compute(operator: Operator, left: Option<u64>, right: Option<u64>) -> Option<u64> {
    let (left, right) = (left?, right?);
    match operator {
        Operator::Add => Some(left.wrapping_add(right)),
        Operator::Subtract => Some(left.wrapping_sub(right)),
        Operator::Multiply => Some(left.wrapping_mul(right)),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        Operator::And => Some(left & right),
        Operator::Or => Some(left | right),
        Operator::Xor => Some(left ^ right),
    }
}
