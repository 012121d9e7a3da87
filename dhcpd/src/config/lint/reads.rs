//! Walks through statements and expressions, whatever their depth, without recursion.

use crate::eval::ast::{
    Action, Block, Boolean, Call, Data, Expression, Number, Statement, Subject,
};
use crate::options::OptionId;

/// Part of an expression.
#[derive(Clone, Copy)]
pub(super) enum Node<'c> {
    Data(&'c Data),
    Boolean(&'c Boolean),
    Number(&'c Number),
    Expression(&'c Expression),
}

/// The lists of statements in a list, itself among them.
pub(super) fn blocks(block: &Block) -> impl Iterator<Item = &Block> {
    let mut left = vec![block];
    std::iter::from_fn(move || {
        let block = left.pop()?;
        for statement in block {
            add_blocks(&statement.action, &mut left);
        }
        Some(block)
    })
}

/// The statements in a list, at any depth.
pub(super) fn statements(block: &Block) -> impl Iterator<Item = &Statement> {
    blocks(block).flatten()
}

/// What a statement does, and what those in it do.
pub(super) fn actions_in(statement: &Statement) -> impl Iterator<Item = &Action> {
    let mut inner = Vec::new();
    add_blocks(&statement.action, &mut inner);
    let inner = inner.into_iter().flat_map(statements);
    std::iter::once(&statement.action).chain(inner.map(|statement| &statement.action))
}

/// All parts of all expressions of a statement, without the statements in it.
pub(super) fn nodes_of(action: &Action) -> impl Iterator<Item = Node<'_>> {
    nodes(expressions(action))
}

/// An expression's parts at any depth, itself among them.
pub(super) fn nodes(mut left: Vec<Node<'_>>) -> impl Iterator<Item = Node<'_>> {
    std::iter::from_fn(move || {
        let node = left.pop()?;
        match node {
            Node::Data(data) => add_parts_of_data(data, &mut left),
            Node::Boolean(condition) => add_parts_of_condition(condition, &mut left),
            Node::Number(number) => add_parts_of_number(number, &mut left),
            Node::Expression(expression) => left.extend(part_of(expression)),
        }
        Some(node)
    })
}

/// The option of the request that a part reads, if it does.
pub(super) fn option_read(node: Node<'_>) -> Option<OptionId> {
    match node {
        Node::Data(Data::Option(option)) | Node::Boolean(Boolean::Exists(option)) => Some(*option),
        _ => None,
    }
}

fn add_blocks<'c>(action: &'c Action, blocks: &mut Vec<&'c Block>) {
    match action {
        Action::If {
            branches,
            otherwise,
        } => {
            blocks.extend(branches.iter().map(|branch| &branch.1));
            blocks.push(otherwise);
        }
        Action::Switch(_, block) => blocks.push(block),
        Action::Define(_, function) => blocks.push(&function.body),
        Action::On(_, Some(handler)) => blocks.push(&handler.body),
        _ => {}
    }
}

fn expressions(action: &Action) -> Vec<Node<'_>> {
    match action {
        Action::Assign { value: data, .. }
        | Action::Log { text: data, .. }
        | Action::Fatal(data)
        | Action::Switch(Subject::Data(data), _) => vec![Node::Data(data)],
        Action::If { branches, .. } => {
            let conditions = branches.iter().map(|branch| &branch.0);
            conditions.map(Node::Boolean).collect()
        }
        Action::Switch(Subject::Number(number), _) => vec![Node::Number(number)],
        Action::Switch(Subject::Boolean(condition), _) => vec![Node::Boolean(condition)],
        Action::Case(expression)
        | Action::Set(_, expression)
        | Action::Evaluate(expression)
        | Action::Return(expression) => vec![Node::Expression(expression)],
        Action::Execute(_, arguments) => arguments.iter().map(Node::Data).collect(),
        _ => Vec::new(),
    }
}

fn part_of(expression: &Expression) -> Vec<Node<'_>> {
    match expression {
        Expression::Data(data) => vec![Node::Data(data)],
        Expression::Boolean(condition) => vec![Node::Boolean(condition)],
        Expression::Number(number) => vec![Node::Number(number)],
        Expression::Variable(_) => Vec::new(),
        Expression::Call(call) => arguments(call).collect(),
    }
}

fn arguments(call: &Call) -> impl Iterator<Item = Node<'_>> {
    call.arguments.iter().map(Node::Expression)
}

fn add_parts_of_data<'c>(data: &'c Data, parts: &mut Vec<Node<'c>>) {
    match data {
        Data::Packet(offset, length) => {
            parts.extend([Node::Number(offset), Node::Number(length)]);
        }
        Data::Substring(data, offset, length) => {
            parts.extend([Node::Data(data), Node::Number(offset), Node::Number(length)])
        }
        Data::Suffix(data, number) | Data::Reverse(number, data) | Data::Relay(number, data) => {
            parts.extend([Node::Data(data), Node::Number(number)]);
        }
        Data::Concat(list) | Data::Pick(list) => parts.extend(list.iter().map(Node::Data)),
        Data::Lower(data) | Data::Upper(data) => parts.push(Node::Data(data)),
        Data::BinaryToAscii {
            base,
            width,
            separator,
            data,
        } => parts.extend([
            Node::Number(base),
            Node::Number(width),
            Node::Data(separator),
            Node::Data(data),
        ]),
        Data::EncodeInt(number, _) => parts.push(Node::Number(number)),
        Data::Call(call) => parts.extend(arguments(call)),
        _ => {}
    }
}

fn add_parts_of_condition<'c>(condition: &'c Boolean, parts: &mut Vec<Node<'c>>) {
    match condition {
        Boolean::DataEqual(one, other) | Boolean::DataUnequal(one, other) => {
            parts.extend([Node::Data(one), Node::Data(other)]);
        }
        Boolean::NumberEqual(one, other) | Boolean::NumberUnequal(one, other) => {
            parts.extend([Node::Number(one), Node::Number(other)]);
        }
        Boolean::Equal(one, other) | Boolean::Unequal(one, other) => {
            parts.extend([Node::Expression(one), Node::Expression(other)]);
        }
        Boolean::Matches(found) => {
            parts.extend([Node::Data(&found.data), Node::Data(&found.pattern)]);
        }
        Boolean::Junction(chain) => {
            parts.push(Node::Boolean(&chain.first));
            let rest = chain.rest.iter().map(|link| &link.operand);
            parts.extend(rest.map(Node::Boolean));
        }
        Boolean::Not(inner) => parts.push(Node::Boolean(inner)),
        Boolean::Call(call) => parts.extend(arguments(call)),
        _ => {}
    }
}

fn add_parts_of_number<'c>(number: &'c Number, parts: &mut Vec<Node<'c>>) {
    match number {
        Number::ExtractInt(data, _) => parts.push(Node::Data(data)),
        Number::Arithmetic(chain) => {
            parts.push(Node::Number(&chain.first));
            let rest = chain.rest.iter().map(|link| &link.operand);
            parts.extend(rest.map(Node::Number));
        }
        Number::Call(call) => parts.extend(arguments(call)),
        _ => {}
    }
}
