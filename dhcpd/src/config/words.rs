//! Every message about a configuration. Wording, stops and capitals are the original's: people and scripts look for them.

use std::fmt::Display;
use std::net::Ipv4Addr;

use common::syntax::Place;

pub(super) const SEMICOLON: &str = "semicolon expected.";
pub(super) const EXPECTING_SEMICOLON: &str = "expecting semicolon.";
pub(super) const EXPECTING_A_SEMICOLON: &str = "Expecting a semicolon.";
pub(super) const LEFT_BRACE: &str = "expecting left brace.";
pub(super) const LEFT_BRACE_EXPECTED: &str = "left brace expected.";
pub(super) const LEFT_BRACE_OR_IF: &str = "left brace or if expected.";
pub(super) const EXPECTING_RIGHT_BRACE: &str = "expecting right brace.";
pub(super) const RIGHT_BRACE: &str = "right brace expected.";
pub(super) const EXPECTING_RIGHT_PAREN: &str = "expecting right paren.";
pub(super) const RIGHT_PAREN: &str = "right paren expected";
pub(super) const LEFT_PARENTHESIS: &str = "left parenthesis expected.";
pub(super) const RIGHT_PARENTHESIS: &str = "right parenthesis expected.";
pub(super) const COMMA: &str = "comma expected.";
pub(super) const END_OF_FILE: &str = "unexpected end of file";
pub(super) const DECLARATION: &str = "expecting a declaration";
pub(super) const PARAMETER_OR_DECLARATION: &str = "expecting a parameter or declaration";
pub(super) const TOO_DEEP: &str = "nested too deeply";

pub(super) const FILE_NAME: &str = "filename string expected.";
pub(super) const INCLUDED_TOO_DEEPLY: &str = "files are included too deeply";
pub(super) const HOSTS_ARE_GLOBAL: &str = "WARNING: Host declarations are global.  They are not limited to the scope you declared them in.";

pub(super) const HOST_NOT_HERE: &str = "host declarations not allowed here.";
pub(super) const GROUP_NOT_HERE: &str = "group declarations not allowed here.";
pub(super) const NETWORK_NOT_HERE: &str = "shared-network parameters not allowed here.";
pub(super) const SUBNET_NOT_HERE: &str = "subnet declarations not allowed here.";
pub(super) const CLASS_NOT_HERE: &str = "class declarations not allowed here.";
pub(super) const HARDWARE_NOT_HERE: &str = "hardware address parameter not allowed here.";
pub(super) const FIXED_ADDRESS_NOT_HERE: &str = "fixed-address parameter not allowed here.";
pub(super) const RANGE_NOT_HERE: &str = "range declaration not allowed here.";
pub(super) const POOL_IN_POOL: &str = "pool declared within pool.";
pub(super) const POOL_OUTSIDE: &str = "pool declared outside of network";
pub(super) const SUBNET6: &str = "subnet6 statement is only supported in DHCPv6 mode.";
pub(super) const SUBNET6_SLASH: &str = "Expecting a '/'.";
pub(super) const SUBNET6_NUMBER: &str = "Expecting a number.";
pub(super) const SUBNET6_BITS: &str = "Expecting a number between 0 and 128.";
pub(super) const SUBNET6_SHORT: &str = "New subnet mask too short.";
pub(super) const MIXED_FAMILIES: &str =
    "subnet and subnet6 declarations cannot be in one configuration.";
pub(super) const RANGE6_FAMILY: &str = "range6 statement is only supported in DHCPv6 mode.";
pub(super) const RANGE6_NOT_HERE: &str = "range6 declaration not allowed here.";
pub(super) const RANGE6_IN_IPV4: &str = "range6 declaration in a subnet of IPv4 addresses.";
pub(super) const RANGE_IN_IPV6: &str = "range declaration in a subnet of IPv6 addresses.";
pub(super) const RANGE6_START: &str = "range6 start address is outside the subnet";
pub(super) const RANGE6_END: &str = "range6 end address is outside the subnet";
pub(super) const PREFIX6_FAMILY: &str = "prefix6 statement is only supported in DHCPv6 mode.";
pub(super) const PREFIX6_NOT_HERE: &str = "prefix6 declaration not allowed here.";
pub(super) const PREFIX6_BITS: &str = "networks have 0 to 128 bits (exclusive)";
pub(super) const PREFIX_SLASH: &str = "expecting '/'";
pub(super) const PREFIX_NUMBER: &str = "expecting number";
pub(super) const MASK_BITS: &str = "networks have 0 to 128 bits";
pub(super) const MASK_SMALLER: &str = "network mask smaller than subnet mask";
pub(super) const MASK_SHORT: &str = "network mask too short";
pub(super) const TEMPORARY_SHORT: &str = "temporary mask too short";
pub(super) const TEMPORARY_SINGLE: &str = "temporary singleton?";
pub(super) const POOL6_IN_POOL: &str = "pool6 declared within pool.";
pub(super) const POOL6_OUTSIDE: &str = "pool6 declared outside of network";
pub(super) const POOL6_WITHOUT_RANGE: &str = "Pool6 declaration with no address range6 or prefix6.";
pub(super) const POOL6_NEEDS_RANGE: [&str; 2] = [
    "Pool6 declarations must always contain at least",
    "one range6 or prefix6 statement.",
];
pub(super) const FIXED_PREFIX6_NOT_HERE: &str = "fixed-prefix6 declaration not allowed here.";
pub(super) const ONE_HOST_IDENTIFIER: &str = "only one host-identifier allowed per host";
pub(super) const HOST_IDENTIFIER: &str = "host-identifier must be an option or v6relopt";
pub(super) const RELAY_NUMBER: &str = "host-identifier v6relopt must have a number";
pub(super) const RELAY_POSITIVE: &str = "host-identifier v6relopt must have a number >= 0";
pub(super) const DUID_TYPE: &str = "DUID type of LLT, EN, or LL expected";
pub(super) const DUID_ENTERPRISE: &str = "enterprise number expected";
pub(super) const DUID_IDENTIFIER: &str = "identifier expected";
pub(super) const DUID_HARDWARE: &str = "hardware type expected";
pub(super) const DUID_TIME: &str = "timestamp expected";
pub(super) const DUID_SEMICOLON: &str = "semicolon expected";
pub(super) const ASSERTION: &str = "expecting assertion";
pub(super) const AUTHORITY: &str = "authority makes no sense here.";
pub(super) const SPACE_SCOPED: &str = "option space definitions may not be scoped.";
pub(super) const OPTION_SCOPED: &str = "option definitions may not be scoped.";

pub(super) const HOST_NAME: &str = "expecting a name for host declaration.";
pub(super) const STRING_OR_IDENTIFIER: &str = "expecting string or identifier.";
pub(super) const HARDWARE_TYPE: &str = "expecting a network hardware type";
pub(super) const HARDWARE_TOO_LONG: &str = "hardware address too long";
pub(super) const ONE_FIXED_ADDRESS: &str = "Only one fixed address declaration per host.";
pub(super) const HEX_LIST: &str = "expecting hex list.";
pub(super) const ONE_CLIENT_IDENTIFIER: &str = "only one dhcp client identifier may be specified";
pub(super) const CLIENT_IDENTIFIER_CONDITIONAL: &str =
    "dhcp client identifier may not be specified conditionally.";

pub(super) const NETWORK_NAME: &str = "expecting a name for shared-network";
pub(super) const NETWORK_NAME_EMPTY: &str = "zero-length shared network name";
pub(super) const NETWORK_EMPTY: &str = "empty shared-network decl";
pub(super) const TWO_INTERFACES: &str =
    "A subnet or shared network can't be connected to two interfaces.";
pub(super) const NETMASK: &str = "Expecting netmask";
pub(super) const POOLS_BEHIND_SUBNETS: &str =
    "Be sure to place pool statement after related subnet declarations.";
pub(super) const POOL_WITHOUT_RANGE: &str = "Pool declaration with no address range.";
pub(super) const POOL_NEEDS_RANGE: [&str; 2] = [
    "Pool declarations must always contain at least",
    "one range statement.",
];
pub(super) const PERMIT_TYPE: &str = "expecting permit type.";
pub(super) const CLIENTS: &str = "expecting \"clients\"";
pub(super) const BOOTP: &str = "expecting \"bootp\"";
pub(super) const OF: &str = "expecting \"of\"";
pub(super) const CLASS_NAME: &str = "expecting class name.";
pub(super) const TWO_DATES: &str = "duplicate \"after\" clause.";
pub(super) const NO_FAILOVER_PEER: &str = "expecting \"failover peer\".";
pub(super) const ALLOW_KEY: &str = "expecting allow/deny key";

pub(super) const WEEKDAY: &str = "numeric day of week expected.";
pub(super) const YEAR: &str = "numeric year expected.";
pub(super) const MONTH: &str = "numeric month expected.";
pub(super) const DAY: &str = "numeric day of month expected.";
pub(super) const HOUR: &str = "numeric hour expected.";
pub(super) const MINUTE: &str = "numeric minute expected.";
pub(super) const SECOND: &str = "numeric second expected.";
pub(super) const DATE_SLASH: &str = "expected slash separating year from month.";
pub(super) const DATE_SLASH_DAY: &str = "expected slash separating month from day.";
pub(super) const DATE_COLON: &str = "expected colon separating hour from minute.";
pub(super) const DATE_COLON_SECOND: &str = "expected colon separating minute from second.";
pub(super) const EPOCH_SECONDS: &str = "Seconds since epoch expected.";
pub(super) const TIME_ZONE: &str = "Time zone offset or semicolon expected.";

pub(super) const CLASS_NAME_STRING: &str = "Expecting class name";
pub(super) const ONE_MATCH: &str = "A class may only have one 'match if' clause.";
pub(super) const ONE_SUBMATCH: &str = "can't override existing submatch/spawn.";
pub(super) const DATA_EXPR: &str = "expecting data expr.";
pub(super) const MATCH_IN_SUBCLASS: &str = "invalid match in subclass.";
pub(super) const SPAWN_IN_SUBCLASS: &str = "invalid spawn in subclass.";
pub(super) const SUBCLASS_VALUE: &str = "Expecting string or hex list.";
pub(super) const BOOLEAN_EXPR: &str = "expecting boolean expr.";

pub(super) const OPTION_IDENTIFIER: &str = "expecting identifier after option keyword.";
pub(super) const OPTION_AFTER_DOT: &str = "expecting identifier after '.'";
pub(super) const OPTION_CODE: &str = "expecting option code number.";
pub(super) const EQUALS: &str = "expecting \"=\"";
pub(super) const ARRAY_OF: &str = "expecting \"of\".";
pub(super) const ENCAPSULATION_ENDS: &str = "encapsulate must always be the last item.";
pub(super) const NO_ENCAPSULATION_ARRAYS: &str = "Arrays of encapsulations don't make sense.";
pub(super) const TOO_MANY_TYPES: &str = "too many types in record.";
pub(super) const NO_NESTED_ARRAYS: &str = "no nested arrays.";
pub(super) const UNIFORM_ARRAY: &str = "only uniform array inside record.";
pub(super) const NO_TEXT_ARRAYS: &str = "arrays of text strings not yet supported.";
pub(super) const NO_EMPTY_ARRAYS: &str = "array incompatible with zerolen.";
pub(super) const NUMBER: &str = "expecting number.";
pub(super) const INTEGER: &str = "expecting \"integer\" keyword.";
pub(super) const SPACE_IDENTIFIER: &str = "expecting option space identifier";
pub(super) const IDENTIFIER: &str = "expecting identifier.";
pub(super) const WIDTH: &str = "expecting width keyword.";
pub(super) const SIZE: &str = "expecting size keyword.";
pub(super) const SPACE_WIDTH: &str = "expecting number 1, 2, 4.";
pub(super) const HASH_SIZE: &str = "expecting a 10base number";
pub(super) const UNEXPECTED: &str = "Unexpected token.";
pub(super) const TOO_MANY_SPACES: &str = "too many option spaces";

pub(super) const TOO_FEW_NUMBERS: &str = "too few numbers.";
pub(super) const NUMERIC: &str = "expecting numeric value.";
pub(super) const HEXADECIMAL: &str = "expecting hexadecimal number.";
pub(super) const STRING_OR_HEX: &str = "expecting string or hexadecimal data.";
pub(super) const STRING: &str = "expecting string.";
pub(super) const DOMAIN_STRING: &str = "Expecting a domain string.";
pub(super) const DOMAIN_NAME_ENCODING: &str = "Error assembling domain name: Message too long";
pub(super) const DOMAIN_NAME: &str = "not a valid domain name.";
pub(super) const ENUMERATION: &str = "enumeration name expected.";
pub(super) const UNKNOWN_VALUE: &str = "unknown value";
pub(super) const BOOLEAN: &str = "expecting boolean.";
pub(super) const ADDRESS6: &str = "Invalid IPv6 address.";

pub(super) const A_DATA_EXPRESSION: &str = "expecting a data expression.";
pub(super) const FUNCTION_CALL: &str = "expecting function call.";
pub(super) const DATA_EXPRESSION: &str = "expecting data expression.";
pub(super) const NUMERIC_EXPRESSION: &str = "expecting numeric expression.";
pub(super) const NOT_DATA: &str = "Expecting a data expression.";
pub(super) const NOT_BOOLEAN: &str = "Expecting a boolean expression.";
pub(super) const NOT_NUMERIC: &str = "Expecting a numeric expression.";
pub(super) const EXPRESSION: &str = "expression expected";
pub(super) const BOOLEAN_EXPRESSION: &str = "boolean expression expected";
pub(super) const BOOLEAN_CONDITION: &str = "boolean expression expected.";
pub(super) const RIGHT_HAND_SIDE: &str = "expecting right-hand side.";
pub(super) const DIFFERENT_TYPES: &str = "illegal expression relating different types";
pub(super) const NUMERIC_EXPRESSIONS: &str = "expecting numeric expressions";
pub(super) const BOOLEAN_EXPRESSIONS: &str = "expecting boolean expressions";
pub(super) const COMPARABLE_EXPRESSION: &str = "expecting data/numeric expression";
pub(super) const BANG: &str = "! in boolean context without =";
pub(super) const REGEX_OPERATOR: &str = "expecting ~= or ~~ operator";
pub(super) const INTEGER_SIZE: &str = "number expected.";
pub(super) const EXTRACT_FROM_NOTHING: &str = "extract-int of 8 bits needs data that is not empty";

pub(super) const EXPECTING_EXPRESSION: &str = "expecting expression.";
pub(super) const CAPITAL_RIGHT_PARENTHESIS: &str = "Right parenthesis expected.";
pub(super) const SEARCHABLE_EXPRESSION: &str = "expecting data expression";
pub(super) const STRING_EXPECTED: &str = "string expected.";
pub(super) const UNKNOWN_COLLECTION: &str = "unknown collection.";
pub(super) const QUOTED_NAME: &str = "Expecting quoted literal: \"foo.example.com\"";
pub(super) const SWITCH_BRACE: &str = "expecting left brace.";
pub(super) const SWITCH_PAREN: &str = "right paren expected.";
pub(super) const SWITCH_SUBJECT: &str = "expecting data or numeric expression.";
pub(super) const CASE_COLON: &str = "colon expected.";
pub(super) const SET_EQUALS: &str = "expecting '=' in set statement.";
pub(super) const DEFINE_EQUALS: &str = "expecting '=' in define statement.";
pub(super) const ARGUMENT_NAME: &str = "expecting argument name";
pub(super) const DEFINE_PAREN: &str = "expecting right paren.";
pub(super) const DEFINE_BRACE: &str = "expecting right brace.";
pub(super) const EVENT: &str = "expecting a lease event type";
pub(super) const QUOTED_PROGRAM: &str = "Expecting a quoted string.";
pub(super) const ADD_CLASS: &str = "expecting class name.";
pub(super) const ADD_WITHOUT_CLIENT: &str = "add: there is no client in the outermost scope.";
pub(super) const WITH: &str = "expecting with after spawn";
pub(super) const LIMIT: &str = "expecting \"limit\"";
pub(super) const LIMIT_NUMBER: &str = "expecting a number";
pub(super) const LIMIT_TOO_BIG: &str = "no memory for billed leases.";

pub(super) fn no_variable(word: &str) -> String {
    format!("{word} can't be a variable name")
}

pub(super) fn class_not_found(name: &str) -> String {
    format!("class {name}: not found")
}

pub(super) const CASE: &str = "case statement in inappropriate scope.";
pub(super) const SWITCH_DEFAULT: &str = "switch default statement in inappropriate scope.";

pub(super) const KEY_NAME: &str = "expecting key name.";
pub(super) const KEY_ALGORITHM: &str = "expecting key algorithm name.";
pub(super) const ZONE_NAME: &str = "expecting hostname.";
pub(super) const KEY_WITHOUT_ALGORITHM: &str = "key has no algorithm.";
pub(super) const KEY_WITHOUT_SECRET: &str = "key has no secret.";
pub(super) const ONE_PRIMARY6: &str = "more than one primary6.";
pub(super) const ONE_SECONDARY6: &str = "more than one secondary6.";
pub(super) const ZONE_ADDRESS: &str = "expecting IP addr or hostname.";
pub(super) const BLOCK_LEFT_BRACE: &str = "expecting left brace";
pub(super) const ZONE_ADDRESS6: &str = "expecting IPv6 addr.";
pub(super) const ONE_PRIMARY: &str = "more than one primary.";
pub(super) const ONE_SECONDARY: &str = "more than one secondary.";

pub(super) const ID_FORMAT: &str = "lease-id-format is invalid:  it must be octal or hex.";
pub(super) const ID_FORMAT_SEMICOLON: &str = "corrupt lease file; expecting a semicolon";
pub(super) const TIME_FORMAT: &str = "Expecting 'local' or 'default'.";
pub(super) fn not_served(statement: impl Display) -> String {
    format!("{statement}: accepted, but rdhcpd cannot serve it yet.")
}

pub(super) fn did_you_mean(word: &str) -> String {
    format!("did you mean `{word}`?")
}

pub(super) fn semicolon_at(place: Place) -> String {
    let (line, column) = (place.line, place.column);
    format!("a `;` may be missing at line {line}, column {column}")
}

pub(super) fn defined_later(place: Place) -> String {
    format!(
        "it is defined only at line {}; a definition must come before its use",
        place.line
    )
}

pub(super) fn subnet_bounds(first: Ipv4Addr, last: Ipv4Addr) -> String {
    format!("the addresses of the subnet are {first} to {last}")
}

pub(super) fn bad_parse(file: &str) -> String {
    format!("{file}: bad parse.")
}

pub(super) fn cannot_open(file: &str, reason: &str) -> String {
    format!("Can't open {file}: {reason}")
}

pub(super) fn cannot_read(file: &str, reason: &str) -> String {
    format!("Can't read in {file}: {reason}")
}

pub(super) fn host_exists(name: &str) -> String {
    format!("host {name}: already exists")
}

pub(super) fn host_has_hardware(name: &str) -> String {
    format!("Host {name} hardware address already configured.")
}

pub(super) fn host_has_uid(name: &str, uid: &str) -> String {
    format!("Host '{name}' already has a uid '{uid}'")
}

pub(super) fn ignoring_client_identifier(name: &str, uid: &str, ignored: &str) -> String {
    format!(
        "Warning, host declaration '{name}' already has uid '{uid}', ignoring dhcp-client-identifier '{ignored}'"
    )
}

pub(super) fn unknown_group(group: &str, host: &str) -> String {
    format!("unknown group {group} in host {host}")
}

pub(super) fn bad_subnet(address: Ipv4Addr, mask: Ipv4Addr) -> String {
    format!("subnet {address} netmask {mask}: bad subnet number/mask combination.")
}

pub(super) fn overlap(inner: impl Display, outer: impl Display) -> String {
    format!("Warning: subnet {inner} overlaps subnet {outer}")
}

pub(super) fn bad_range(address: Ipv4Addr, subnet: Ipv4Addr, mask: Ipv4Addr) -> String {
    format!("bad range, address {address} not in subnet {subnet} netmask {mask}")
}

pub(super) fn declared_twice(address: Ipv4Addr) -> String {
    format!("lease {address} is declared twice!")
}

pub(super) fn not_on_network(name: &str) -> String {
    format!("address range not on network {name}")
}

pub(super) fn no_such_class(name: &str) -> String {
    format!("no such class: {name}")
}

pub(super) fn no_class(name: &str) -> String {
    format!("no class named {name}")
}

pub(super) fn unknown_option(space: &str, name: &str) -> String {
    format!("unknown option {space}.{name}")
}

pub(super) fn no_option(space: &str, name: &str) -> String {
    format!("no option named {name} in space {space}")
}

pub(super) fn no_space(name: &str) -> String {
    format!("no option space named {name}.")
}

pub(super) fn illegal_codes(last: u32, space: &str) -> String {
    format!("Option codes 0 and {last} are illegal in the {space} space.")
}

pub(super) fn redefined(old: &str, new: &str) -> String {
    format!(
        "option {old} has been redefined as option {new}.  Please update your configs if necessary."
    )
}

pub(super) fn precision(bits: &str) -> String {
    format!("{bits} bit precision is not supported.")
}

pub(super) fn unknown_type(word: &str) -> String {
    format!("unknown data type {word}")
}

pub(super) fn unknown_space(name: &str) -> String {
    format!("unknown option space {name}")
}

pub(super) fn not_last_in_record(kind: &str) -> String {
    format!("{kind} must be at end of record.")
}

pub(super) fn code_width(width: &str) -> String {
    format!("invalid code width ({width}), expecting a 1, 2 or 4.")
}

pub(super) fn length_width(width: &str) -> String {
    format!("invalid length width ({width}) expecting 1 or 2.")
}

pub(super) fn bogus_number(text: &str) -> String {
    format!("Bogus number: {text}.")
}

pub(super) fn bogus_digit(text: &str, digit: u32, base: u32) -> String {
    format!("Bogus number {text}: digit {digit} not in base {base}")
}

/// The value is shown in the base it was written in, the limit in base 10.
pub(super) fn exceeds(negative: bool, value: u32, base: u32, limit: u32) -> String {
    let sign = if negative { "-" } else { "" };
    match base {
        8 => format!("{sign}{value:o} exceeds max ({limit}) for precision."),
        16 => format!("{sign}{value:x} exceeds max ({limit}) for precision."),
        _ => format!("{sign}{value} exceeds max ({limit}) for precision."),
    }
}

pub(super) fn not_an_address(text: &str, token: u32) -> String {
    format!("{text} ({token}): expecting IP address or hostname")
}

pub(super) fn integer_size(size: &str) -> String {
    format!("unsupported integer size {size}")
}

pub(super) fn too_many_algorithms(key: &str) -> String {
    format!("key {key}: too many algorithms")
}

pub(super) fn too_many_secrets(key: &str) -> String {
    format!("key {key}: too many secrets")
}

pub(super) fn base64_character(character: u32) -> String {
    format!("invalid base64 character {character}.")
}

pub(super) fn base64_tail(tail: &str) -> String {
    format!("stuff after base64 '=' terminator: {tail}.")
}

pub(super) fn base64_rest(rest: u32) -> String {
    format!("partial base64 value left over: {rest}.")
}

pub(super) fn unknown_algorithm(key: &str) -> String {
    format!("Unable to create tsec structure for {key}")
}

pub(super) fn unknown_key(name: &str) -> String {
    format!("unknown key {name}")
}

pub(super) fn hex_digit(byte: u8) -> String {
    format!("invalid hex digit: {byte:x}")
}

pub(super) fn octal_digit(byte: u8) -> String {
    format!("invalid octal digit {byte:x}")
}

pub(super) const END_IN_STRING: &str = "eof in string constant";
pub(super) const STRING_TOO_LONG: &str = "string constant larger than internal buffer";

pub(super) fn id_format(word: &str) -> String {
    format!("lease_id_format is: {word}")
}

pub(super) const AD_HOC: &str = "ddns-update-style ad_hoc no longer supported";

pub(super) const OMAPI_PORT_LENGTH: &str = "invalid omapi port data length";
pub(super) const LOCAL_PORT_LENGTH: &str = "invalid local port data length";
pub(super) const REMOTE_PORT_LENGTH: &str = "invalid remote port data length";
pub(super) const BROADCAST_LENGTH: &str = "invalid broadcast address data length";
pub(super) const LOCAL_ADDRESS_LENGTH: &str = "invalid local address data length";
pub(super) const DELAYED_ACK_LENGTH: &str = "invalid max delayed ACK count ";
pub(super) const MAX_ACK_DELAY_LENGTH: &str = "invalid max ack delay configuration";
pub(super) const ABANDON_LEASE_TIME_LENGTH: &str = "invalid abandon-lease-time";

pub(super) fn no_omapi_key(name: &str) -> String {
    format!("OMAPI key {name}: not found")
}

pub(super) const FAILOVER_PEER: &str = "expecting \"peer\"";
pub(super) const FAILOVER_PEER_NAME: &str = "expecting failover peer name.";
pub(super) const FAILOVER_NOT_HERE: &str = "failover peers may only be defined in shared-network";
pub(super) const FAILOVER_SCOPES: &str = "declarations and the outer scope.";
pub(super) const FAILOVER_REFERENCE: &str =
    "failover peer reference not in shared-network declaration";
pub(super) const PEER_BRACE: &str = "expecting left brace";
pub(super) const POOL_PEER: &str = "expecting 'peer'.";
pub(super) const POOL_PEER_NAME: &str = "expecting string.";
pub(super) const STATE_WORD: &str = "expecting 'state'";
pub(super) const STATE_NUMBER: &str = "expecting a number.";
pub(super) const STATE_SETTING: &str = "expecting state setting.";
pub(super) const STATE_UNKNOWN: &str = "unknown failover state";
pub(super) const STATE_AT: &str = "expecting \"at\"";
pub(super) const PEER_STATEMENT: &str = "invalid statement in peer declaration";
pub(super) const PEER_ADDRESS: &str = "peer address may not be omitted";
pub(super) const PRIMARY_MCLT: &str = "primary failover server must have mclt.";
pub(super) const PRIMARY_BALANCE: &str = "primary failover server must have hba or split.";
pub(super) const SECONDARY_BALANCE: &str = "secondary may not define load balance settings.";
pub(super) const SPLIT: &str = "split must be between 0 and 256, inclusive";
pub(super) const LOAD_BALANCE: [&str; 3] =
    ["expecting 'balance'", "expecting 'max'", "expecting 'secs'"];
pub(super) const FAILOVER_INSANE: &str = "Failover configuration sanity check failed";
pub(super) const BOOTP_WITH_FAILOVER: &str = "dynamic-bootp flag is not permitted for address";
pub(super) const BOOTP_WITH_FAILOVER_WHY: [&str; 11] = [
    "range declarations where there is a failover",
    "peer in scope.   If you wish to declare an",
    "address range from which dynamic bootp leases",
    "can be allocated, please declare it within a",
    "pool declaration that also contains the \"no",
    "failover\" statement.   The failover protocol",
    "itself does not permit dynamic bootp - this",
    "is not a limitation specific to the ISC DHCP",
    "server.   Please don't ask me to defend this",
    "until you have read and really tried to understand",
    "the failover protocol specification.",
];

pub(super) fn bad_domain_list(compressed: bool) -> &'static str {
    if compressed {
        "Error compressing domain list: Message too long"
    } else {
        "Error assembling domain list: Message too long"
    }
}

pub(super) fn unknown_peer(name: &str) -> String {
    format!("reference to unknown failover peer {name}")
}

pub(super) fn state_of_unknown_peer(name: &str) -> String {
    format!("state declaration for unknown failover peer {name}")
}

pub(super) fn peer_declared_again(name: &str) -> String {
    format!("redeclaration of failover peer {name}")
}

pub(super) fn no_peer(name: &str) -> String {
    format!("failover peer {name}: not found")
}

pub(super) fn peer_unused(name: &str) -> String {
    format!(
        "ERROR: Failover peer, {name}, has no referring pools. You must refer to each peer in at least one pool declaration."
    )
}

pub(super) fn peer_unbalanced(name: &str) -> String {
    format!(
        "WARNING: load balancing will be disabled for failover peer, {name}, because its load balance max secs is 0"
    )
}
