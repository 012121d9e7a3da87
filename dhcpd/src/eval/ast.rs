//! Statements and expressions as the configuration holds them, names resolved. Shapes: reference
//! isc-dhcpd-config.md, sections 5 and 6.

use std::sync::Arc;

use common::syntax::Place;
use common::sys::posix_regex::Regex;

use super::chain::Chain;
use crate::config::model::ClassId;
use crate::options::OptionId;

/// Name of a variable or a function; upper and lower case are the same.
pub type Name = Box<str>;

/// A list of statements, executed in order.
pub type Block = Vec<Statement>;

/// An action and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// First token of the statement: what every value set by it names as its origin.
    pub place: Place,
    /// What to do.
    pub action: Action,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `option X value;`, `supersede X value;`, any server parameter, ...
    Assign {
        /// The option or parameter.
        option: OptionId,
        /// How the value meets one that is already there.
        how: Assignment,
        /// The value.
        value: Data,
    },
    /// `if … { } elsif … { } else { }`: the first branch whose condition is true.
    If {
        /// Conditions with their blocks, in order.
        branches: Vec<(Boolean, Block)>,
        /// What to do when none is true.
        otherwise: Block,
    },
    /// `break;`: ends the innermost block.
    Break,
    /// `log(level, text);`
    Log {
        /// Severity; the default is debug.
        level: common::log::Level,
        /// The text; null logs nothing.
        text: Data,
    },
    /// `log(fatal, text);`: ends the server, unless the text is null.
    Fatal(Data),
    /// `switch (…) { … }`: from the case that equals the value to the end or a `break`.
    Switch(Subject, Block),
    /// `case …:` within a switch.
    Case(Expression),
    /// `default:` within a switch.
    DefaultCase,
    /// `set NAME = value;`
    Set(Name, Expression),
    /// `unset NAME;`
    Unset(Name),
    /// `define NAME(parameters) { … }`
    Define(Name, Arc<Function>),
    /// `eval value;`, `NAME(arguments);`: for what evaluating it does.
    Evaluate(Expression),
    /// `return value;`: ends a function, unless the value is null; has no effect outside.
    Return(Expression),
    /// `on expiry or release { … }`
    On(Events, Option<Arc<Handler>>),
    /// `execute("PROGRAM", arguments…);`
    Execute(Box<[u8]>, Vec<Data>),
    /// `add "CLASS";`
    AddClass(Box<str>, ClassId),
    /// `parse-vendor-option;`, which has no effect in a server.
    ParseVendorOption,
}

/// What a switch looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Bytes.
    Data(Data),
    /// A number; also whatever a variable holds.
    Number(Number),
    /// A condition, which the original takes, but never for anything that a case could equal.
    Boolean(Boolean),
}

/// What happens to leases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// A client is told that it has the lease.
    pub commit: bool,
    /// The lease ends by itself.
    pub expiry: bool,
    /// The client gives the lease back.
    pub release: bool,
}

/// What to do when something happens to a lease.
#[derive(Debug, PartialEq)]
pub struct Handler {
    /// The statements.
    pub body: Block,
    /// Their text, as the lease file has it between the braces.
    pub text: Arc<[u8]>,
}

/// What `define` defines.
#[derive(Debug, PartialEq)]
pub struct Function {
    /// Names of the parameters.
    pub parameters: Vec<Name>,
    /// What a call executes.
    pub body: Block,
}

/// `NAME(arguments)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Name of the function.
    pub name: Name,
    /// At least one.
    pub arguments: Vec<Expression>,
}

/// An expression of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Bytes.
    Data(Data),
    /// Truth.
    Boolean(Boolean),
    /// A number.
    Number(Number),
    /// What a variable holds.
    Variable(Name),
    /// What a function returns.
    Call(Call),
}

/// How an assigned value meets one that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// `option`, `supersede`, `send`: takes its place.
    Replace,
    /// `default`: yields to it.
    Default,
    /// `append`: goes behind it.
    Append,
    /// `prepend`: goes before it.
    Prepend,
}

/// An expression that yields bytes, or null.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A value known when the configuration was read: strings, hex lists, every typed option value.
    Constant(Box<[u8]>),
    /// A typed option value with host names in it (`option routers gw.example.org;`): the parts in order.
    Assembled(Vec<Part>),
    /// `null`
    Null,
    /// `option NAME`: the option of that name in the request.
    Option(OptionId),
    /// `config-option NAME`: the value collected for the reply so far.
    ConfigOption(OptionId),
    /// `hardware`: hardware type, then the client's hardware address.
    Hardware,
    /// `packet(offset, length)`: raw bytes of the BOOTP message.
    Packet(Box<Number>, Box<Number>),
    /// `substring(data, offset, length)`
    Substring(Box<Data>, Box<Number>, Box<Number>),
    /// `suffix(data, length)`
    Suffix(Box<Data>, Box<Number>),
    /// `concat(a, b, …)`: null if any part is null.
    Concat(Vec<Data>),
    /// `pick-first-value(a, b, …)`: the first that is not null.
    Pick(Vec<Data>),
    /// `lcase(data)`
    Lower(Box<Data>),
    /// `ucase(data)`
    Upper(Box<Data>),
    /// `reverse(width, data)`
    Reverse(Box<Number>, Box<Data>),
    /// `binary-to-ascii(base, width, separator, data)`
    BinaryToAscii {
        /// Number base, 2 to 16.
        base: Box<Number>,
        /// Bits of a number: 8, 16 or 32.
        width: Box<Number>,
        /// Text between two numbers.
        separator: Box<Data>,
        /// The numbers, big endian.
        data: Box<Data>,
    },
    /// `encode-int(number, width)`: big endian, width 8, 16 or 32.
    EncodeInt(Box<Number>, u8),
    /// `v6relay(number, data)`: the data as the relay of that number sent it.
    Relay(Box<Number>, Box<Data>),
    /// `host-decl-name`: name of the host declaration that matched the client.
    HostName,
    /// `leased-address`: four octets.
    LeasedAddress,
    /// `filename`: the request's `file` field.
    Filename,
    /// `server-name`: the request's `sname` field.
    ServerName,
    /// `gethostname()`: the name of the machine.
    OwnName,
    /// `gethostbyname("NAME")`: all its IPv4 addresses, four octets each.
    HostAddresses(Box<str>),
    /// A variable that holds data.
    Variable(Name),
    /// A function, which the original calls here, but without ever taking what it returns.
    Call(Box<Call>),
}

/// A piece of a typed option value.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Bytes known when the configuration was read.
    Bytes(Box<[u8]>),
    /// A host name: all its IPv4 addresses, four octets each. A name without any makes the whole value null.
    Addresses(Box<str>),
    /// A host name where one address is wanted: its first.
    FirstAddress(Box<str>),
}

/// An expression that yields true, false or null.
#[derive(Clone, Debug, PartialEq)]
pub enum Boolean {
    /// `a = b` of bytes: null equals null only.
    DataEqual(Box<Data>, Box<Data>),
    /// `a != b` of bytes.
    DataUnequal(Box<Data>, Box<Data>),
    /// `a = b` of numbers.
    NumberEqual(Box<Number>, Box<Number>),
    /// `a != b` of numbers.
    NumberUnequal(Box<Number>, Box<Number>),
    /// `a = b` where what one of them holds shows only when it is evaluated.
    Equal(Box<Expression>, Box<Expression>),
    /// `a != b` of such.
    Unequal(Box<Expression>, Box<Expression>),
    /// `data ~= pattern`, `data ~~ pattern`
    Matches(Box<Match>),
    /// `a and b or c …`
    Junction(Box<Chain<Boolean, Connective>>),
    /// `not a`
    Not(Box<Boolean>),
    /// `exists NAME`: the request has the option.
    Exists(OptionId),
    /// `known`: a host declaration matched the client.
    Known,
    /// `static`: the client gets a fixed address.
    Static,
    /// `defined(NAME)`: the variable has a value.
    Defined(Name),
    /// `check "default"`: the client is in any class.
    Check,
    /// A variable that holds truth.
    Variable(Name),
    /// A function, which the original calls here, but without ever taking what it returns.
    Call(Box<Call>),
}

/// `and` or `or`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connective {
    /// `and`
    And,
    /// `or`
    Or,
}

/// `data ~= pattern`, `data ~~ pattern`
#[derive(Clone, Debug)]
pub struct Match {
    /// Where to search.
    pub data: Data,
    /// A POSIX extended regular expression.
    pub pattern: Data,
    /// `~~`: upper and lower case are the same.
    pub ignores_case: bool,
    /// A constant pattern, compiled; the inner `None` is an invalid one, which matches nothing.
    pub compiled: Option<Option<Arc<Regex>>>,
}

impl PartialEq for Match {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
            && self.pattern == other.pattern
            && self.ignores_case == other.ignores_case
    }
}

/// An expression that yields a number, or null.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// A number written in the configuration.
    Constant(i64),
    /// `extract-int(data, width)`: big endian, width 8, 16 or 32; null if the data is shorter.
    ExtractInt(Box<Data>, u8),
    /// `lease-time`: seconds until the lease ends.
    LeaseTime,
    /// `client-state`, which only a client has.
    ClientState,
    /// `a + b`, and so on.
    Arithmetic(Box<Chain<Number, Operator>>),
    /// A variable that holds a number.
    Variable(Name),
    /// A function, which the original calls here, but without ever taking what it returns.
    Call(Box<Call>),
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`, which the original's lexer never yields.
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
}
