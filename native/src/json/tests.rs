//! Tables of what the scan refuses and of what each patch operation leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod patches;
mod properties;

use super::*;

const NAMES: &str = "process linux sysctl annotations kind uid";
const LIMITS: Limits = Limits { max_depth: 8, member_names: NAMES, map_names: "annotations sysctl" };

fn refusal(text: &str) -> (String, usize, usize) {
    match parse(text, &LIMITS) {
        Ok(value) => panic!("{text} is accepted as {value:?}"),
        Err(error) => (error.message, error.line, error.column),
    }
}

#[test]
fn accepts_what_the_grammar_allows() {
    for text in [
        "null",
        " \t\r\n[ ]\n",
        "{}",
        "[1,-0,0.5,1.50,1E2,1e+2,2e-400,18446744073709551615]",
        "[[[[[[[[]]]]]]]]",
        r#"{"annotations":{"A":"","a":"","Process":""},"sysctl":{},"x":{"annotations":{"b":1,"B":2}}}"#,
        r#"{"a":{"b":1},"c":{"b":1},"process":1,"Other":2}"#,
        "[\"\u{7f}\u{feff}é😀\", \"\"]",
    ] {
        parse(text, &LIMITS).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn keeps_spelling_and_unescapes() {
    let text = r#"{"\u0061\/":["\"\\\b\f\n\r\t\ud83d\ude00\u00E9",1.50,true,false,null]}"#;
    let Value::Object(members) = parse(text, &LIMITS).unwrap() else { panic!("not an object") };
    assert_eq!(members[0].0, "a/");
    let string = Value::String("\"\\\u{8}\u{c}\n\r\t😀é".into());
    let values = vec![string, Value::Number("1.50"), Value::Bool(true), Value::Bool(false), Value::Null];
    assert_eq!(members[0].1, Value::Array(values));
}

const BROKEN: &[(&str, &str, usize, usize)] = &[
    ("", "the document is empty", 1, 1),
    (" \n ", "the document is empty", 1, 1),
    ("\u{feff}{}", "the document starts with a byte order mark", 1, 1),
    ("{} x", "text after the end of the document", 1, 4),
    ("{\n \"é\": [1, 2,]}", "trailing comma", 2, 12),
    ("{\"a\":1,}", "trailing comma", 1, 7),
    ("[1", "unexpected end of input", 1, 3),
    ("\"a", "unexpected end of input", 1, 3),
    ("\"a\\", "unexpected end of input", 1, 4),
    ("[tru", "unexpected end of input", 1, 5),
    ("{\"a\"", "unexpected end of input", 1, 5),
    ("-", "unexpected end of input", 1, 2),
    ("[1 2]", "expected \",\" or \"]\", found \"2\"", 1, 4),
    ("{\"a\":1]", "expected \",\" or \"}\", found \"]\"", 1, 7),
    ("{\"a\" 1}", "expected \":\" after member \"a\", found \"1\"", 1, 6),
    ("{a:1}", "expected a member name in double quotes, found \"a\"", 1, 2),
    ("{,}", "expected a member name in double quotes, found \",\"", 1, 2),
    ("[,]", "expected a value, found \",\"", 1, 2),
    ("[NaN]", "expected a value, found \"N\"", 1, 2),
    ("[+1]", "expected a value, found \"+\"", 1, 2),
    ("[.5]", "expected a value, found \".\"", 1, 2),
    ("[nul]", "expected a value, found \"n\"", 1, 2),
    ("['a']", "expected a value, found \"'\"", 1, 2),
    ("[\u{a0}1]", "expected a value, found \"\\u00a0\"", 1, 2),
    ("[\u{c}1]", "expected a value, found \"\\u000c\"", 1, 2),
    ("/* */ 1", "comments are not allowed", 1, 1),
    ("[1 // x\n]", "comments are not allowed", 1, 4),
    ("[01]", "number with a leading zero", 1, 2),
    ("[-00]", "number with a leading zero", 1, 2),
    ("[1.]", "expected a digit, found \"]\"", 1, 4),
    ("[1e]", "expected a digit, found \"]\"", 1, 4),
    ("[-a]", "expected a digit, found \"a\"", 1, 3),
    ("[0x1]", "expected \",\" or \"]\", found \"x\"", 1, 3),
    ("[1, 1e400]", "number \"1e400\" is out of range", 1, 5),
    ("[\"\t\"]", "control character U+0009 in a string", 1, 3),
    ("\"12345678\n\"", "control character U+000A in a string", 1, 10),
    (r#""\x""#, "invalid escape of \"x\" in a string", 1, 2),
    (r#""\u12g4""#, "\\u without four hexadecimal digits", 1, 2),
    (r#""\u+123""#, "\\u without four hexadecimal digits", 1, 2),
    (r#""a\u0000""#, "\\u0000 in a string", 1, 3),
    (r#""\ud800""#, "lone surrogate \\ud800 in a string", 1, 2),
    (r#""\uDC00\ud800""#, "lone surrogate \\udc00 in a string", 1, 2),
    (r#""\ud800\ud800""#, "lone surrogate \\ud800 in a string", 1, 2),
    ("[[[[[[[[[]]]]]]]]]", "nesting deeper than 8 levels", 1, 9),
];

#[test]
fn refuses_broken_text_and_says_where() {
    for (text, message, line, column) in BROKEN {
        assert_eq!(refusal(text), ((*message).to_owned(), *line, *column), "{text}");
    }
    assert_eq!(
        refusal(&format!("{}.0", "9".repeat(400))).0,
        format!("number \"{}...\" is out of range", "9".repeat(40))
    );
}

const CLASHES: &[(&str, &str)] = &[
    (r#"{"process":1,"process":2}"#, r#"duplicate member "process""#),
    (r#"{"a":1,"\u0061":2}"#, r#"duplicate member "a""#),
    (r#"{"annotations":{"a":1,"a":2}}"#, r#"duplicate member "a""#),
    (r#"{"":1,"":2}"#, r#"duplicate member """#),
    (r#"{"Xa":1,"xA":2}"#, r#"member "xA" differs only in case from "Xa""#),
    (r#"{"x":1,"ü":2,"Ü":2}"#, r#"member "\u00dc" differs only in case from "\u00fc""#),
    (r#"{"Process":1}"#, r#""Process" is a case variant of "process""#),
    (r#"[{"x":{"UID":1}}]"#, r#""UID" is a case variant of "uid""#),
    ("{\"\u{212a}ind\":1}", r#""\u212aind" is a case variant of "kind""#),
    ("{\"proce\u{17f}s\":1}", r#""proce\u017fs" is a case variant of "process""#),
    (r#"{"\u017fysctl":1}"#, r#""\u017fysctl" is a case variant of "sysctl""#),
    (r#"{"annotations":{"x":{"b":1,"B":2}}}"#, r#"member "B" differs only in case from "b""#),
    (r#"{"annotations":[{"b":1,"B":2}]}"#, r#"member "B" differs only in case from "b""#),
];

#[test]
fn refuses_names_that_parsers_read_differently() {
    for (text, message) in CLASHES {
        assert_eq!(refusal(text).0, *message, "{text}");
    }
    assert_eq!(refusal("{\"a\":1,\n \"a\":2}"), ("duplicate member \"a\"".into(), 2, 2));
    let long = "n".repeat(50);
    let twice = refusal(&format!(r#"{{"{long}":1,"{long}":2}}"#)).0;
    assert_eq!(twice, format!("duplicate member \"{}...\"", "n".repeat(40)));
}

#[test]
fn finds_clashes_in_large_objects() {
    let names = |last: &str| {
        let members: Vec<String> = (0..200).map(|at| format!("\"name{at}\":0")).collect();
        format!("{{{},{last},\"z\":1}}", members.join(","))
    };
    parse(&names("\"other\":1"), &LIMITS).unwrap();
    assert_eq!(refusal(&names("\"name77\":1")).0, "duplicate member \"name77\"");
    assert_eq!(refusal(&names("\"NAME77\":1")).0, "member \"NAME77\" differs only in case from \"name77\"");
    assert_eq!(
        refusal(&names("\"NAME77\":1,\"name3\":1")).0,
        "member \"NAME77\" differs only in case from \"name77\""
    );
    parse(&format!("{{\"annotations\":{}}}", names("\"NAME77\":1")), &LIMITS).unwrap();
    assert_eq!(
        refusal(&format!("{{\"sysctl\":{}}}", names("\"name77\":1"))).0,
        "duplicate member \"name77\""
    );
}

#[test]
fn caps_the_depth_whatever_the_limit_is() {
    let limits = Limits { max_depth: usize::MAX, ..LIMITS };
    assert!(parse(&("[".repeat(512) + &"]".repeat(512)), &limits).is_ok());
    assert!(parse(&"[".repeat(1_000_000), &limits).unwrap_err().message.contains("512"));
    assert!(apply(&"{\"a\":".repeat(1_000_000), &[]).is_err());
    let zero = Limits { max_depth: 0, ..LIMITS };
    assert!(parse("1", &zero).is_ok() && parse("[]", &zero).is_err());
}
