//! What the policy of the pages forbids.

/// Fails where a page has styles or scripts of its own, or loads something from elsewhere (SEC-176). Data in a script is none: it
/// is not run.
#[track_caller]
pub(crate) fn assert_nothing_inline(name: &str, page: &str) {
    for forbidden in [" style=", "<style", " onclick=", "src=\"http"] {
        assert!(!page.contains(forbidden), "{name}: {forbidden}");
    }
    for rest in page.split("<script").skip(1) {
        let tag = rest.split('>').next().unwrap_or_default();
        let is_ours = tag.contains(" src=\"/assets/") || tag.contains(" type=\"application/json\"");
        assert!(is_ours, "{name}: <script{tag}>");
    }
}

#[test]
#[should_panic(expected = "<script type=\"module\">")]
fn modules_are_seen() {
    assert_nothing_inline("page", "<script type=\"module\">inline</script>");
}
