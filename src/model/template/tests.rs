use proptest::prelude::*;

use super::*;

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = check(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{text}: {error}");
}

#[test]
fn templates_of_the_contract_and_manual_are_valid() {
    // TPL-001, TPL-023, TPL-024, TPL-026, FN-001…FN-008
    for good in [
        "plain",
        "}} and { are text",
        "User {{.Name}} uploaded {{.VirtualPath}} ({{humanizeBytes .FileSize}}) from {{.IP}}",
        r#"{"user":{{toJson .Name}},"when":{{toJson (.Timestamp.UTC.Format "2006-01-02T15:04:05Z")}}}"#,
        r#"{{if eq .Role "a" "b"}}1{{else if and .Email (not .ExtName)}}2{{else}}3{{end}}"#,
        "{{range $i, $e := .Errors}}{{if $i}}, {{end}}{{$e}}{{else}}none{{end}}",
        "{{range .RetentionChecks}}{{.Username}}{{range .Results}}{{.Path}} {{$.Name}}{{end}}{{end}}",
        "{{with $x := .Object.User}}{{$x.Username}} {{.Permissions}}{{end}}",
        "{{- /* comment with }} inside */ -}} x {{/**/}}",
        "{{ $x := 1.5 }}{{ $x = 0x1F }}{{ printf `%v %q` $x 'c' | len }}",
        "{{range .Shares.Load}}{{if .Name}}{{break}}{{else}}{{continue}}{{end}}{{end}}",
        "{{(index .EventReports 0).Username}} {{index .IDPFields \"a.b\"}} {{.IDPFieldgroups}}",
        "{{define \"row\"}}{{.Anything}}{{end}}{{template \"row\" .Object}}{{block \"b\" .}}{{.X}}{{end}}",
        "{{pathJoin (stringSlice \"/x\" (pathBase .VirtualPath))}} {{.RetentionReports}} {{.StatusString}}",
        "{{.Initiator.User.GetFsConfigForPath \"/\" | toJson}}",
        "{{with .Email}}a{{else with .Role}}b{{end}}",
    ] {
        check(good).unwrap_or_else(|error| panic!("{good}: {error}"));
    }
}

#[test]
fn mistakes_of_syntax_are_refused() {
    // TPL-001, TPL-025
    for (bad, expected) in [
        ("{{", "not closed"),
        ("{{.Name", "not closed"),
        ("{{.Name}", "unexpected"),
        ("{{}}", "missing"),
        ("{{if .Name}}x", "not closed"),
        ("{{end}}", "without a block"),
        ("{{else}}", "without a block"),
        ("{{if .Name}}{{else}}{{else}}{{end}}", "not followed"),
        ("{{range .Errors}}{{else if .Name}}{{end}}", "after else"),
        ("{{break}}", "unexpected break"),
        ("{{$x}}", "undefined variable"),
        ("{{if $x := 1}}{{end}}{{$x}}", "undefined variable"),
        ("{{$x = 1}}", "undefined variable"),
        ("{{$a, $b := .Errors}}", "too many variables"),
        ("{{(.Name}}", "not closed"),
        ("{{.Name)}}", "unexpected"),
        ("{{.Name | }}", "missing"),
        ("{{.Name | 1}}", "constant"),
        ("{{1 2}}", "constant"),
        ("{{nil}}", "nil"),
        ("{{\"a}}", "unclosed string"),
        ("{{`a}}", "unclosed raw string"),
        ("{{'ab'}}", "one character"),
        ("{{\"\\q\"}}", "escape"),
        ("{{1x}}", "bad number"),
        ("{{.Name\"x\"}}", "unexpected"),
        ("{{/* a }}", "unclosed comment"),
        ("{{#if .Name}}{{/if}}", "unexpected"),
        ("{{template \"none\"}}", "not defined"),
        ("{{if .Name}}{{define \"a\"}}{{end}}{{end}}", "unexpected define"),
        ("line\nline\n{{.Name \n (}}", "line 3"),
    ] {
        refused(bad, expected);
    }
}

#[test]
fn unknown_names_are_refused_where_they_can_be_seen() {
    // TPL-002, PLH-003, FN-010
    refused("{{.Nam}}", "key .Nam does not exist");
    refused("{{range .Errors}}{{$.Nam}}{{end}}", "key .Nam");
    refused("{{if (eq .Nam 1)}}{{end}}", "key .Nam");
    refused("{{Name}}", "with a dot");
    refused("{{trim .Name}}", "function \"trim\" does not exist");
    refused("{{.Name | default \"x\"}}", "function \"default\"");
}

#[test]
fn depth_is_bounded() {
    for deep in ["{{".to_owned() + &"(".repeat(100_000), "{{if .Name}}".repeat(100_000)] {
        assert!(check(&deep).is_err());
    }
    let chain = format!("{{{{if .Name}}}}{}{{{{end}}}}", "{{else if .Name}}".repeat(100_000));
    assert!(check(&chain).is_err());
}

#[test]
fn markers_trim_blanks() {
    // TPL-023
    let template = Template::parse("a \n {{- .Name -}} \t b{{/* c */ -}}\n c").unwrap();
    let texts = template.nodes.iter().filter_map(|node| if let Node::Text(text) = node { Some(text.as_str()) } else { None });
    assert_eq!(texts.collect::<Vec<_>>(), ["a", "b", "c"]);
}

proptest! {
    #[test]
    fn nothing_panics(text in "(\\{\\{|\\}\\}|-| |if|else|end|range|with|\\$x|:=|=|\\(|\\)|\\||\\.Name|\"|`|'|\\\\|1|e|0x|,|é|/\\*|\\*/|\\n){0,30}") {
        let _ = check(&text);
    }
}
