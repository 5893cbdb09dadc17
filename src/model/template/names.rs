//! Functions and keys that templates may name.

use super::{Branch, Node, Operand, Pipeline, Template, TemplateError, Term, lexer::error};

/// Functions of the language (TPL-026) and of the event manager (FN-001…FN-008).
const FUNCTIONS: [&str; 46] = [
    "and",
    "call",
    "createDict",
    "eq",
    "filePathJoin",
    "fromMillis",
    "fromNanos",
    "ge",
    "gt",
    "html",
    "humanizeBytes",
    "index",
    "js",
    "le",
    "len",
    "lt",
    "mapToString",
    "ne",
    "not",
    "or",
    "pathBase",
    "pathDir",
    "pathExt",
    "pathJoin",
    "print",
    "printf",
    "println",
    "slice",
    "slicesContains",
    "stringContains",
    "stringHasPrefix",
    "stringHasSuffix",
    "stringJoin",
    "stringReplace",
    "stringSlice",
    "stringToLower",
    "stringToUpper",
    "stringTrimPrefix",
    "stringTrimSuffix",
    "toBase64",
    "toHex",
    "toJson",
    "toJsonUnquoted",
    "urlEscape",
    "urlPathEscape",
    "urlquery",
];

/// Keys of the event (TPL-003…TPL-018, TPL-030), then those of older rules (PLH-002).
const KEYS: [&str; 47] = [
    "DryRun",
    "Elapsed",
    "Email",
    "Errors",
    "Event",
    "EventReports",
    "ExtName",
    "FileSize",
    "FsPath",
    "FsTargetPath",
    "IDPFields",
    "IP",
    "Initiator",
    "Metadata",
    "Name",
    "Object",
    "ObjectName",
    "ObjectType",
    "Protocol",
    "RetentionChecks",
    "Role",
    "ShareExpirationChecks",
    "ShareExpirationResult",
    "Shares",
    "Status",
    "Timestamp",
    "UID",
    "VirtualPath",
    "VirtualTargetPath",
    "DateTime",
    "Day",
    "ErrorString",
    "EscapedVirtualPath",
    "Ext",
    "Hour",
    "MetadataString",
    "Minute",
    "Month",
    "ObjectBaseName",
    "ObjectData",
    "ObjectDataString",
    "RetentionReports",
    "StatusString",
    "TargetName",
    "VirtualDirPath",
    "VirtualTargetDirPath",
    "Year",
];
/// Keys of older rules whose names end as the event says (PLH-001).
const KEY_PREFIX: &str = "IDPField";

fn is_key(name: &str) -> bool {
    KEYS.contains(&name) || name.starts_with(KEY_PREFIX)
}

/// A function by its name.
pub(super) fn function(name: String) -> Result<String, String> {
    if FUNCTIONS.contains(&name.as_str()) {
        Ok(name)
    } else if is_key(&name) {
        // PLH-003
        Err(format!("function {name:?} does not exist; did you mean the key .{name}, with a dot?"))
    } else {
        Err(format!("function {name:?} does not exist"))
    }
}

/// Refuses calls of templates that are not defined.
pub(super) fn check_calls(template: &Template) -> Result<(), TemplateError> {
    let mut walk = Walk {
        visit: &mut |_, _| Ok(()),
        call: &mut |name| {
            if template.defined.contains_key(name) { Ok(()) } else { Err(error(1, format!("template {name:?} is not defined"))) }
        },
    };
    walk.nodes(&template.nodes, Scope { has_root_dot: true })?;
    template.defined.values().try_for_each(|nodes| walk.nodes(nodes, Scope { has_root_dot: false }))
}

/// Refuses keys of the event that do not exist, where it is plain that they are meant (TPL-002).
pub(super) fn check_keys(template: &Template) -> Result<(), TemplateError> {
    let mut visit = |operand: &Operand, scope: Scope| {
        let is_root = match &operand.term {
            Term::Dot => scope.has_root_dot,
            Term::Variable(name) => name == "$",
            _ => false,
        };
        match operand.fields.first() {
            Some(key) if is_root && !is_key(key) => Err(error(1, format!("the key .{key} does not exist"))),
            _ => Ok(()),
        }
    };
    // In templates of their own, dot and `$` are what the caller gives.
    Walk { visit: &mut visit, call: &mut |_| Ok(()) }.nodes(&template.nodes, Scope { has_root_dot: true })
}

#[derive(Clone, Copy)]
struct Scope {
    /// The dot is the event.
    has_root_dot: bool,
}

struct Walk<'a> {
    visit: &'a mut dyn FnMut(&Operand, Scope) -> Result<(), TemplateError>,
    call: &'a mut dyn FnMut(&str) -> Result<(), TemplateError>,
}

impl Walk<'_> {
    fn nodes(&mut self, nodes: &[Node], scope: Scope) -> Result<(), TemplateError> {
        nodes.iter().try_for_each(|node| match node {
            Node::Text(_) | Node::Break | Node::Continue => Ok(()),
            Node::Value(pipeline) => self.pipeline(pipeline, scope),
            Node::If(branch) => self.branch(branch, scope, scope),
            Node::With(branch) | Node::Range(branch) => self.branch(branch, scope, Scope { has_root_dot: false }),
            Node::Call(name, argument) => {
                (self.call)(name)?;
                argument.iter().try_for_each(|pipeline| self.pipeline(pipeline, scope))
            }
        })
    }

    fn branch(&mut self, branch: &Branch, scope: Scope, inner: Scope) -> Result<(), TemplateError> {
        self.pipeline(&branch.pipeline, scope)?;
        self.nodes(&branch.body, inner)?;
        self.nodes(&branch.otherwise, scope)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, scope: Scope) -> Result<(), TemplateError> {
        pipeline.commands.iter().flatten().try_for_each(|operand| {
            (self.visit)(operand, scope)?;
            match &operand.term {
                Term::Parenthesised(inner) => self.pipeline(inner, scope),
                _ => Ok(()),
            }
        })
    }
}
