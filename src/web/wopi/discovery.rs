//! The discovery of an office server: which endings it opens, at which addresses, and its keys (API-203).

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Uri;
use entrepot_http::Host;
use roxmltree::{Document, Node, ParsingOptions};

use super::proof::{Key, Keys};
use crate::files::percent_encoded;

/// Nodes of a discovery; real ones have some hundreds.
const MOST_NODES: u32 = 50_000;

/// What an office server can do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Discovery {
    endings: BTreeMap<String, Actions>,
    pub(super) proof: Option<Keys>,
}

/// Addresses for documents with an ending.
#[derive(Debug, Default, PartialEq, Eq)]
struct Actions {
    edit: Option<Action>,
    view: Option<Action>,
}

#[derive(Debug, PartialEq, Eq)]
struct Action {
    template: String,
    is_internal: bool,
}

impl Discovery {
    /// Reads it.
    ///
    /// # Errors
    /// What is no discovery, in words for the log.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
        let root = document.root_element();
        if root.tag_name().name() != "wopi-discovery" {
            return Err(format!("it begins with <{}> and not with <wopi-discovery>", root.tag_name().name()));
        }
        let mut found = Self::default();
        for action in root.descendants().filter(|node| node.has_tag_name("action")) {
            found.note(action);
        }
        if let Some(key) = root.descendants().find(|node| node.has_tag_name("proof-key")) {
            let read = |modulus, exponent| Key::parse(key.attribute(modulus)?, key.attribute(exponent)?);
            let current = read("modulus", "exponent");
            found.proof = current.map(|current| Keys { current, old: read("oldmodulus", "oldexponent") });
        }
        Ok(found)
    }

    fn note(&mut self, action: Node<'_, '_>) {
        let attribute = |name| action.attribute(name).unwrap_or_default();
        let (ending, template) = (attribute("ext").to_ascii_lowercase(), attribute("urlsrc"));
        let is_ending = !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_ending || origin(template).is_none() {
            return;
        }
        let zone = action.ancestors().find(|node| node.has_tag_name("net-zone")).and_then(|zone| zone.attribute("name"));
        let new = Action { template: template.to_owned(), is_internal: zone.is_some_and(|name| name.starts_with("internal")) };
        let actions = self.endings.entry(ending).or_default();
        let place = match attribute("name") {
            "edit" => &mut actions.edit,
            "view" => &mut actions.view,
            _ => return,
        };
        // The first one counts, but for those that only the network of the office server reaches.
        if place.as_ref().is_none_or(|known| known.is_internal && !new.is_internal) {
            *place = Some(new);
        }
    }

    /// Endings of names that can be opened.
    pub(super) fn endings(&self) -> BTreeSet<String> {
        let can_open = |actions: &&Actions| actions.edit.is_some() || actions.view.is_some();
        self.endings.iter().filter(|(_, actions)| can_open(actions)).map(|(ending, _)| ending.clone()).collect()
    }

    /// The address at which a document opens. Servers that have one address for both tell by what the document says of itself
    /// whether it is edited.
    pub(crate) fn address(&self, ending: &str, is_edited: bool, source: &str, language: &str) -> Option<String> {
        let actions = self.endings.get(ending)?;
        let (first, second) = if is_edited { (&actions.edit, &actions.view) } else { (&actions.view, &actions.edit) };
        Some(filled(&first.as_ref().or(second.as_ref())?.template, source, language))
    }
}

/// The template of an address with its places (`<name=WORD&>`) filled: what is not known here is left out.
fn filled(template: &str, source: &str, language: &str) -> String {
    let source = percent_encoded(source.as_bytes());
    let (mut address, mut rest) = (String::with_capacity(template.len() + source.len() + 32), template);
    let (mut has_source, mut has_language) = (false, false);
    while let Some((before, after)) = rest.split_once('<') {
        address.push_str(before);
        let (place, following) = after.split_once('>').unwrap_or((after, ""));
        if let Some((name, word)) = place.trim_end_matches('&').split_once('=') {
            let value = match word.trim_matches(|c| c == '[' || c == ']') {
                "WOPI_SOURCE" => {
                    has_source = true;
                    Some(source.as_str())
                }
                "UI_LLCC" | "DC_LLCC" => {
                    has_language = true;
                    Some(language)
                }
                _ => None,
            };
            if let Some(value) = value {
                address.push_str(&format!("{name}={value}&"));
            }
        }
        rest = following;
    }
    address.push_str(rest);
    let mut add = |name: &str, value: &str| {
        let joint = if !address.contains('?') {
            "?"
        } else if address.ends_with(['?', '&']) {
            ""
        } else {
            "&"
        };
        address.push_str(&format!("{joint}{name}={value}"));
    };
    if !has_source {
        add("WOPISrc", &source);
    }
    if !has_language {
        add("lang", language);
    }
    address
}

/// Scheme and host of an address of the web: what a policy of our page may name.
pub(crate) fn origin(address: &str) -> Option<String> {
    // The places of a template are no part of an address.
    let plain = address.split(['<', '?']).next()?;
    let uri: Uri = plain.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let host = Host::parse(uri.authority()?.as_str())?;
    Some(host.base(scheme == "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLABORA: &str = r#"<wopi-discovery><net-zone name="external-http">
        <app favIconUrl="https://office.example.com/w.svg" name="writer">
          <action default="true" ext="DOCX" name="edit" urlsrc="https://office.example.com/browser/4b4e/cool.html?"/>
          <action ext="doc" name="view" urlsrc="https://office.example.com/browser/4b4e/cool.html?"/></app>
        <app name="application/msword"><action ext="" name="edit" urlsrc="https://office.example.com/x?"/></app>
        <app name="bad"><action ext="odt" name="edit" urlsrc="javascript:alert(1)"/>
          <action ext="a/b" name="edit" urlsrc="https://office.example.com/x?"/>
          <action ext="ods" name="convert" urlsrc="https://office.example.com/x?"/></app>
        </net-zone><proof-key oldvalue="" oldmodulus="" oldexponent="" value="x" modulus="AQID" exponent="AQAB"/></wopi-discovery>"#;

    const ONLYOFFICE: &str = r#"<?xml version="1.0" encoding="utf-8"?><wopi-discovery>
        <net-zone name="internal-http"><app name="Word"><action name="edit" ext="docx" urlsrc="http://inside/e?"/></app></net-zone>
        <net-zone name="external-http"><app name="Word">
          <action name="view" ext="docx" urlsrc="https://ds.example.com:8443/hosting/wopi/word/view?&lt;rs=DC_LLCC&amp;&gt;&lt;dchat=DISABLE_CHAT&amp;&gt;&lt;wopisrc=WOPI_SOURCE&amp;&gt;"/>
          <action name="edit" ext="docx" urlsrc="https://ds.example.com:8443/hosting/wopi/word/edit?&lt;ui=UI_LLCC&amp;&gt;&amp;" requires="locks,update"/>
        </app></net-zone>
        <proof-key value="x" modulus="AQID" exponent="AQAB" oldmodulus="BAUG" oldexponent="AQAB"/></wopi-discovery>"#;

    // API-203
    #[test]
    fn endings_and_addresses_are_read() {
        let found = Discovery::parse(COLLABORA).unwrap();
        assert_eq!(found.endings().into_iter().collect::<Vec<_>>(), ["doc", "docx"]);
        let address = |ending, is_edited| found.address(ending, is_edited, "https://f/wopi/files/1", "de");
        let cool = "https://office.example.com/browser/4b4e/cool.html?WOPISrc=https%3A%2F%2Ff%2Fwopi%2Ffiles%2F1&lang=de";
        assert_eq!(address("docx", true).as_deref(), Some(cool));
        assert_eq!((address("docx", false).as_deref(), address("doc", true).as_deref()), (Some(cool), Some(cool)));
        assert_eq!(address("odt", true), None);
        assert!(found.proof.is_some_and(|keys| keys.old.is_none()));
    }

    // API-203
    #[test]
    fn places_in_addresses_are_filled_or_left_out() {
        let found = Discovery::parse(ONLYOFFICE).unwrap();
        let address = |is_edited| found.address("docx", is_edited, "https://f/1", "fr").unwrap();
        let base = "https://ds.example.com:8443/hosting/wopi/word";
        assert_eq!(address(true), format!("{base}/edit?ui=fr&&WOPISrc=https%3A%2F%2Ff%2F1"));
        assert_eq!(address(false), format!("{base}/view?rs=fr&wopisrc=https%3A%2F%2Ff%2F1&"));
        assert!(found.proof.is_some_and(|keys| keys.old.is_some()));
    }

    #[test]
    fn what_is_no_discovery_is_refused() {
        for text in ["", "<html/>", "<wopi-discovery>", "<!DOCTYPE a [<!ENTITY b \"c\">]><wopi-discovery>&b;</wopi-discovery>"] {
            assert!(Discovery::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn origins_are_what_a_policy_may_name() {
        assert_eq!(origin("https://o.example:443/a?b").as_deref(), Some("https://o.example"));
        assert_eq!(origin("http://[::1]:9980/x<y>").as_deref(), Some("http://[::1]:9980"));
        for wrong in ["javascript:x", "https://a;b/", "//a/b", "https://u@a/", "ftp://a/", "https://"] {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
    }
}
