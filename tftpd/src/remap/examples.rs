//! Worked examples of file name maps, each run against tftpd-hpa 5.2 (reference tftpd-hpa.md, section 7.6). The client is
//! 10.77.0.2 or fd77::2. The unit tests go through this table, and so do those that run both servers.

use Asked::{Read, Read6, Write};
use Made::{Denied, Endless, Name, Text};

/// Rules, request, its name, and what the rules make of it.
pub struct Example(pub &'static [u8], pub Asked, pub &'static [u8], pub Made);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Read,
    /// By an IPv6 client.
    Read6,
    Write,
}

/// What the rules make of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Name(&'static [u8]),
    /// Refused with this text.
    Text(&'static [u8]),
    /// Refused without a text.
    Denied,
    /// The rules come to no end.
    Endless,
}

pub const EXAMPLES: &[Example] = &[
    Example(b"r ^x y", Read, b"abc", Name(b"abc")),
    Example(b"r abc X", Read, b"zabcz", Name(b"zXz")),
    Example(b"r a X", Read, b"banana", Name(b"bXnana")),
    Example(b"r a|ab|abc X", Read, b"zabcd", Name(b"zXd")),
    Example(b"rg a X", Read, b"banana", Name(b"bXnXnX")),
    Example(b"rg aa a", Read, b"baaaaac", Name(b"bac")),
    Example(b"rg // /", Read, b"a////b//c", Name(b"a/b/c")),
    Example(b"g a X", Read, b"banana", Name(b"banana")),
    Example(b"r ^/", Read, b"/abc", Name(b"abc")),
    Example(b"r b", Read, b"abc", Name(b"ac")),
    Example(b"ri ABC x", Read, b"zAbCz", Name(b"zxz")),
    Example(b"r ABC x", Read, b"zAbCz", Name(b"zAbCz")),
    Example(b"gri A x", Read, b"banAna", Name(b"bxnxnx")),
    Example(b"r b.d <\\0>", Read, b"abcde", Name(b"a<bcd>e")),
    Example(b"r (.)(.)(.)(.)(.)(.)(.)(.)(.) \\9\\8\\7\\6\\5\\4\\3\\2\\1", Read, b"123456789rest", Name(b"987654321rest")),
    Example(b"r (a)(b) \\10", Read, b"abc", Name(b"a0c")),
    Example(b"r (x)?(a) [\\1|\\2]", Read, b"abc", Name(b"[|a]bc")),
    Example(b"r a [\\5]", Read, b"abc", Name(b"[]bc")),
    Example(b"r (.)\\1 <\\0>", Read, b"abccd", Name(b"ab<cc>d")),
    Example(b"rg [[:digit:]]+ N", Read, b"a12b345", Name(b"aNbN")),
    Example(b"r \\bfoo\\b X", Read, b"a/foo/b", Name(b"a/X/b")),
    Example(b"r a{3} X", Read, b"aaaa", Name(b"Xa")),
    Example(b"r a.b X", Read, b"a\nb", Name(b"X")),
    Example(b"r ^abc$ X", Read, b"abc", Name(b"X")),
    Example(b"r ^(foo|bar)/ X/", Read, b"bar/x", Name(b"X/x")),
    Example(b"r \xe9 E", Read, b"caf\xe9", Name(b"cafE")),
    Example(b"r ^..$ two-bytes", Read, b"\xc3\xa9", Name(b"two-bytes")),
    Example(b"r x* Y", Read, b"abc", Name(b"Yabc")),
    Example(b"r ^ \\i/", Read, b"abc", Name(b"10.77.0.2/abc")),
    Example(b"r ^ \\x/", Read, b"abc", Name(b"0A4D0002/abc")),
    Example(b"r ^ \\i/", Read6, b"abc", Name(b"fd77::2/abc")),
    Example(b"r abc \\n\\q\\z", Read, b"abc", Name(b"nqz")),
    Example(b"rg / \\\\", Read, b"a/b", Name(b"a\\b")),
    Example(b"r \\# \\#x\\#", Read, b"a#b", Name(b"a#x#b")),
    Example(b"r \\  _", Read, b"a b", Name(b"a_b")),
    Example(b"r _ \\ ", Read, b"a_b", Name(b"a b")),
    Example(b"r b x\\\n", Read, b"abc", Name(b"ax\nc")),
    Example(b"r ([a-z]+)/(.*) \\U\\1\\E/\\2", Read, b"abc/def", Name(b"ABC/def")),
    Example(b"r .* \\L\\0", Read, b"ABC/Def", Name(b"abc/def")),
    Example(b"r (.)(.)(.) \\U\\1\\L\\2\\E\\3", Read, b"aBc", Name(b"Abc")),
    Example(b"r x \\Uabc\\Edef", Read, b"x", Name(b"ABCdef")),
    Example(b"r b \\U\\0", Read, b"abc", Name(b"aBc")),
    Example(b"r ^.*$ \\L\\x", Read, b"abc", Name(b"0a4d0002")),
    Example(b"r .* \\U\\0", Read, b"\xe9a", Name(b"\xe9A")),
    Example(b"e ^f513", Read, b"f513", Name(b"f513")),
    Example(b"e ^zzz", Read, b"f513", Name(b"f513")),
    Example(b"re ^x f", Read, b"x513", Name(b"f513")),
    Example(b"re ^y f\nr ^x g", Read, b"x513", Name(b"g513")),
    Example(b"r ^A B\nrs ^C A", Read, b"Cx", Name(b"Ax")),
    Example(b"r ^Q R\nr ^A B\nrs ^C A", Read, b"Cx", Name(b"Bx")),
    Example(b"e ^zz\nrs ^a a", Read, b"abc", Endless),
    Example(b"r zz z\nr zz z\nr zz z\nr zz z\nr zz z\nrs ^a a", Read, b"abc", Endless),
    Example(b"a ^secret", Read, b"secret/x", Denied),
    Example(b"a ^secret.*$ go\\ away", Read, b"secret/x", Text(b"go away")),
    Example(b"a secret NO", Read, b"x/secret/y", Text(b"x/NO/y")),
    Example(b"a ^.*$ no\\ \\0\\ for\\ \\i", Read, b"foo", Text(b"no foo for 10.77.0.2")),
    Example(b"a ^x\nr ^y x", Read, b"yy", Name(b"xy")),
    Example(b"r ^y x\na ^x", Read, b"yy", Denied),
    Example(b"ra ^x NO", Read, b"xx", Text(b"NOx")),
    Example(b"ae ^x", Read, b"xx", Denied),
    Example(b"~a ^ok/", Read, b"bad/x", Denied),
    Example(b"~a ^f", Read, b"f513", Name(b"f513")),
    Example(b"~e ^ok/\nr ^ X", Read, b"f513", Name(b"f513")),
    Example(b"rG ^ G", Read, b"abc", Name(b"Gabc")),
    Example(b"rG ^ G", Write, b"abc", Name(b"abc")),
    Example(b"rP ^ P", Read, b"abc", Name(b"abc")),
    Example(b"rP ^ P", Write, b"abc", Name(b"Pabc")),
    Example(b"rGP ^ X", Read, b"abc", Name(b"abc")),
    Example(b"rGP ^ X", Write, b"abc", Name(b"Xabc")),
    Example(b"rPG ^ X", Read, b"abc", Name(b"Xabc")),
    Example(b"r4 ^ four", Read, b"abc", Name(b"fourabc")),
    Example(b"r4 ^ four", Read6, b"abc", Name(b"abc")),
    Example(b"r6 ^ six", Read, b"abc", Name(b"abc")),
    Example(b"r6 ^ six", Read6, b"abc", Name(b"sixabc")),
    Example(b"r46 ^ X", Read, b"abc", Name(b"abc")),
    Example(b"r46 ^ X", Read6, b"abc", Name(b"abc")),
    Example(b"# c\n\n   \n\t\n  r a X # trailing\n#r X Y", Read, b"abc", Name(b"Xbc")),
    Example(b"r a#b X\nr c Y", Read, b"abc", Name(b"bY")),
    Example(b"r a X#Y", Read, b"abc", Name(b"Xbc")),
    Example(b"r a X\\#Y", Read, b"abc", Name(b"X#Ybc")),
    Example(b"r a X some more", Read, b"abc", Name(b"Xbc")),
    Example(b"\t r \t  a \t\t X \t", Read, b"abc", Name(b"Xbc")),
    Example(b"r a X\r\nr b Y\r", Read, b"abc", Name(b"XYc")),
    Example(b"r a X", Read, b"abc", Name(b"Xbc")),
    Example(b"r\x0ba\x0cX", Read, b"abc", Name(b"Xbc")),
    Example(b"ri ^[a-z]:\nrg \\\\ /", Read, b"C:\\boot\\img", Name(b"/boot/img")),
    Example(b"r ^pxe/ sub/", Read, b"pxe/f600", Name(b"sub/f600")),
    Example(b"r ^conf$ m/\\i/conf", Read, b"conf", Name(b"m/10.77.0.2/conf")),
    Example(b"r ^conf$ \\x", Read, b"conf", Name(b"0A4D0002")),
    Example(b"r .*", Read, b"abc", Name(b"")),
    Example(b"r ^ /", Read, b"f513", Name(b"/f513")),
    Example(b"rP ^ up/", Write, b"new", Name(b"up/new")),
    Example(b"# nothing", Read, b"f513", Name(b"f513")),
    Example(b"r ^(.*)$ \\1\\1\nr ^(.*)$ \\1\\1\nr ^(.*)$ \\1\\1", Read, b"abc", Name(b"abcabcabcabcabcabcabcabc")),
    Example(b"ri ^[a-z]:\nrg \\\\ /\nrg \\# @\nrg /../ /..no../\ne ^ok/\nr ^[^/] /tftpboot/\\0\na \\.pvt$", Read, b"ok/x", Name(b"ok/x")),
    Example(b"ri ^[a-z]:\nrg \\\\ /\nrg \\# @\nrg /../ /..no../\ne ^ok/\nr ^[^/] /tftpboot/\\0\na \\.pvt$", Read, b"b\\c#d", Name(b"/tftpboot/b/c@d")),
    Example(b"ri ^[a-z]:\nrg \\\\ /\nrg \\# @\nrg /../ /..no../\ne ^ok/\nr ^[^/] /tftpboot/\\0\na \\.pvt$", Read, b"a/xx/b", Name(b"/tftpboot/a/..no../b")),
    Example(b"ri ^[a-z]:\ne ^ok/\nr ^[^/] /tftpboot/\\0\na \\.pvt$", Read, b"x.pvt", Denied),
    Example(b"r x \\U\\q", Read, b"x", Name(b"Q")),
    Example(b"r a x\\", Read, b"a", Name(b"x\\")),
    Example(b"a a \\0\\0", Read, b"bab", Text(b"baab")),
    Example(b"a a \\5", Read, b"a", Text(b"")),
    Example(b"r a x\x00y\nr x b", Read, b"a", Name(b"b")),
    Example(b"r ^ \\U\\i\\x", Read, b"a", Name(b"10.77.0.20A4D0002a")),
    Example(b"rg ^aa a\ne a\nr a b", Read, b"aaaa", Name(b"a")),
    Example(b"r ([ab]*)(b*) <\\1|\\2>", Read, b"abb", Name(b"<abb|>")),
    Example(b"r (a|ab)(c|bcd)(d*) <\\1|\\2|\\3>", Read, b"abcd", Name(b"<a|bcd|>")),
];

/// Where the original hangs, dies, or sends a text without its first letter.
pub const OURS: &[Example] = &[
    Example(
        b"r ^ \\x/",
        Read6,
        b"abc",
        Name(b"FD770000000000000000000000000002/abc"),
    ),
    Example(b"rg ^a a", Read, b"abc", Endless),
    Example(b"~a ^ok/ refused", Read, b"bad/x", Text(b"refused")),
];
