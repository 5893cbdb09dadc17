//! Templates in actions: the syntax of Go's text/template (TPL-001, TPL-023…TPL-026), read at save so that mistakes show then.
//! Rendering them is another room's work.

mod lexer;
mod names;
mod parser;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template error in line {line}: {message}")]
pub struct TemplateError {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// A value in a command, with the fields or methods that are taken of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operand {
    /// The value.
    pub term: Term,
    /// Names after it, `.Timestamp.UTC` is the dot with two.
    pub fields: Vec<String>,
}

/// A value as it stands in a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// `true` or `false`
    Boolean(bool),
    /// A number, as written.
    Number(String),
    /// `'c'`
    Character(char),
    /// A quoted or raw string.
    Text(String),
    /// `$` or `$name`
    Variable(String),
    /// A function of the template language.
    Function(String),
    /// A pipeline in parentheses.
    Parenthesised(Box<Pipeline>),
}

/// Commands of which each gets the result of the one before as its last argument.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pipeline {
    /// Variables that take the result.
    pub variables: Vec<String>,
    /// The variables exist already.
    pub is_assignment: bool,
    /// A value or function, and arguments.
    pub commands: Vec<Vec<Operand>>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Text that stays as it is.
    Text(String),
    /// A value to be written, unless it goes to a variable.
    Value(Pipeline),
    /// `if`
    If(Branch),
    /// `with`: the value becomes the dot.
    With(Branch),
    /// `range`: each element becomes the dot.
    Range(Branch),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `template`: the name of a defined template, and its dot.
    Call(String, Option<Pipeline>),
}

/// A condition or collection, and what depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// What decides.
    pub pipeline: Pipeline,
    /// For a value that is not empty.
    pub body: Vec<Node>,
    /// Otherwise.
    pub otherwise: Vec<Node>,
}

/// A template that was understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    /// Its parts.
    pub nodes: Vec<Node>,
    /// Templates that it defines.
    pub defined: BTreeMap<String, Vec<Node>>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where and why the syntax is wrong; unknown functions (FN-010) and variables.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parser::parse(text)
    }
}

/// Whether a text is a template whose names are known, as far as that can be seen (TPL-002).
///
/// # Errors
/// As [`Template::parse`]; keys of the event that do not exist.
pub fn check(text: &str) -> Result<(), TemplateError> {
    if !text.contains("{{") {
        return Ok(());
    }
    names::check_keys(&Template::parse(text)?)
}
