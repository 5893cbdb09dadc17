//! From words to a tree.

use std::collections::BTreeMap;

use super::{
    Branch, Node, Operand, Pipeline, Template, TemplateError, Term,
    lexer::{Piece, Token, Word, error, pieces},
    names,
};

/// Deepest nesting of blocks and parentheses.
const MAX_DEPTH: usize = 100;

type Parsed<T> = Result<T, TemplateError>;

pub(super) fn parse(text: &str) -> Parsed<Template> {
    let pieces = pieces(text)?;
    let mut parser =
        Parser { pieces: pieces.into_iter(), line: 1, variables: vec!["$".into()], loops: 0, depth: 0, defined: BTreeMap::new() };
    let (nodes, ending) = parser.list()?;
    match ending {
        Ending::Text => {}
        Ending::End => return parser.fail("{{end}} without a block"),
        Ending::Else(_) => return parser.fail("{{else}} without a block"),
    }
    let template = Template { nodes, defined: parser.defined };
    names::check_calls(&template)?;
    Ok(template)
}

/// What ended a list of nodes.
enum Ending {
    Text,
    End,
    /// The words after `else`.
    Else(Vec<Token>),
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    line: usize,
    variables: Vec<String>,
    loops: usize,
    depth: usize,
    defined: BTreeMap<String, Vec<Node>>,
}

impl Parser {
    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(error(self.line, message))
    }

    /// Nodes up to the end of the block or of the text. Variables end with it.
    fn list(&mut self) -> Parsed<(Vec<Node>, Ending)> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("blocks are nested too deeply");
        }
        let scope = self.variables.len();
        let mut nodes = Vec::new();
        let mut ending = Ending::Text;
        while let Some(piece) = self.pieces.next() {
            match piece {
                Piece::Text(text) => nodes.push(Node::Text(text)),
                Piece::Action(line, tokens) => {
                    self.line = line;
                    match keyword(&tokens) {
                        "end" if tokens.len() > 1 => return self.fail("unexpected words after end"),
                        "end" => {
                            ending = Ending::End;
                            break;
                        }
                        "else" => {
                            ending = Ending::Else(tokens.into_iter().skip(1).collect());
                            break;
                        }
                        _ => nodes.extend(self.action(tokens)?),
                    }
                }
            }
        }
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok((nodes, ending))
    }

    fn action(&mut self, tokens: Vec<Token>) -> Parsed<Option<Node>> {
        let node = match keyword(&tokens) {
            word @ ("if" | "with" | "range") => self.branch(word, &tokens[1..])?,
            word @ ("break" | "continue") => {
                if self.loops == 0 || tokens.len() > 1 {
                    return self.fail(format!("unexpected {word}"));
                }
                if word == "break" { Node::Break } else { Node::Continue }
            }
            "template" => {
                let name = self.quoted_name(&tokens)?;
                let argument = if tokens.len() > 2 { Some(self.pipeline(&tokens[2..], 0)?) } else { None };
                Node::Call(name, argument)
            }
            "block" => {
                let name = self.quoted_name(&tokens)?;
                let argument = self.pipeline(&tokens[2..], 0)?;
                self.define(name.clone())?;
                Node::Call(name, Some(argument))
            }
            "define" => {
                let name = self.quoted_name(&tokens)?;
                if tokens.len() > 2 || self.depth > 1 {
                    return self.fail("unexpected define");
                }
                self.define(name)?;
                return Ok(None);
            }
            _ => Node::Value(self.pipeline(&tokens, 1)?),
        };
        Ok(Some(node))
    }

    fn quoted_name(&self, tokens: &[Token]) -> Parsed<String> {
        match tokens.get(1).map(|token| &token.word) {
            Some(Word::Text(name)) => Ok(name.clone()),
            _ => self.fail("the name of a template must be a string"),
        }
    }

    /// The body of a template of its own: it sees no variables from around it.
    fn define(&mut self, name: String) -> Parsed<()> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let loops = std::mem::take(&mut self.loops);
        let (nodes, ending) = self.list()?;
        if !matches!(ending, Ending::End) {
            return self.fail(format!("the template {name:?} is not closed with {{{{end}}}}"));
        }
        (self.variables, self.loops) = (variables, loops);
        self.defined.insert(name, nodes);
        Ok(())
    }

    fn branch(&mut self, word: &str, tokens: &[Token]) -> Parsed<Node> {
        let scope = self.variables.len();
        let is_range = word == "range";
        let pipeline = self.pipeline(tokens, if is_range { 2 } else { 1 })?;
        self.loops += usize::from(is_range);
        let (body, ending) = self.list()?;
        self.loops -= usize::from(is_range);
        let otherwise = match ending {
            Ending::End => Vec::new(),
            Ending::Text => return self.fail(format!("{{{{{word}}}}} is not closed with {{{{end}}}}")),
            Ending::Else(words) => match keyword(&words) {
                "" if words.is_empty() => match self.list()? {
                    (nodes, Ending::End) => nodes,
                    _ => return self.fail("{{else}} is not followed by {{end}}"),
                },
                again if again == word && !is_range => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return self.fail("too many {{else}} in a row");
                    }
                    let node = self.branch(word, &words[1..])?;
                    self.depth -= 1;
                    vec![node]
                }
                _ => return self.fail("unexpected words after else"),
            },
        };
        self.variables.truncate(scope);
        let branch = Branch { pipeline, body, otherwise };
        Ok(match word {
            "if" => Node::If(branch),
            "with" => Node::With(branch),
            _ => Node::Range(branch),
        })
    }

    /// A whole pipeline; it may set up to `most` variables.
    fn pipeline(&mut self, tokens: &[Token], most: usize) -> Parsed<Pipeline> {
        let mut words = Words { tokens, at: 0 };
        let mut pipeline = Pipeline::default();
        if let Some((variables, is_assignment, length)) = declaration(tokens) {
            if variables.len() > most {
                return self.fail("too many variables in a declaration");
            }
            words.at = length;
            (pipeline.variables, pipeline.is_assignment) = (variables, is_assignment);
        }
        pipeline.commands = self.commands(&mut words)?;
        if words.next().is_some() {
            return self.fail("unexpected words in an action");
        }
        for variable in &pipeline.variables {
            if pipeline.is_assignment && !self.variables.contains(variable) {
                return self.fail(format!("undefined variable {variable:?}"));
            }
            if !pipeline.is_assignment {
                self.variables.push(variable.clone());
            }
        }
        Ok(pipeline)
    }

    fn commands(&mut self, words: &mut Words<'_>) -> Parsed<Vec<Vec<Operand>>> {
        let mut commands = Vec::new();
        loop {
            let mut command: Vec<Operand> = Vec::new();
            while let Some(token) = words.peek() {
                if matches!(token.word, Word::Pipe | Word::Close) {
                    break;
                }
                let is_apart = token.is_apart;
                if !command.is_empty() && !is_apart {
                    return self.fail("arguments must be separated by blanks");
                }
                command.push(self.operand(words)?);
            }
            let Some(first) = command.first() else { return self.fail("a value is missing") };
            let is_constant =
                first.fields.is_empty() && !matches!(first.term, Term::Function(_) | Term::Variable(_) | Term::Parenthesised(_));
            if is_constant && (command.len() > 1 || !commands.is_empty()) {
                return self.fail("a constant takes no arguments");
            }
            if command.len() == 1 && first.fields.is_empty() && first.term == Term::Nil {
                return self.fail("nil is not a command");
            }
            commands.push(command);
            match words.peek().map(|token| &token.word) {
                Some(Word::Pipe) => words.at += 1,
                _ => return Ok(commands),
            }
        }
    }

    fn operand(&mut self, words: &mut Words<'_>) -> Parsed<Operand> {
        let mut fields = Vec::new();
        let Some(token) = words.next() else { return self.fail("a value is missing") };
        let term = match token.word.clone() {
            Word::Field(name) => {
                fields.push(name);
                Term::Dot
            }
            Word::Dot => Term::Dot,
            Word::Variable(name) if self.variables.contains(&name) => Term::Variable(name),
            Word::Variable(name) => return self.fail(format!("undefined variable {name:?}")),
            Word::Name(name) => match name.as_str() {
                "nil" => Term::Nil,
                "true" | "false" => Term::Boolean(name == "true"),
                _ => Term::Function(names::function(name).map_err(|message| error(self.line, message))?),
            },
            Word::Text(text) => Term::Text(text),
            Word::Character(c) => Term::Character(c),
            Word::Number(number) => Term::Number(number),
            Word::Open => Term::Parenthesised(Box::new(self.parenthesised(words)?)),
            word @ (Word::Close | Word::Pipe | Word::Comma | Word::Declare | Word::Assign) => {
                return self.fail(format!("unexpected {word:?} in an action"));
            }
        };
        while let Some(Token { word: Word::Field(name), is_apart: false }) = words.peek() {
            fields.push(name.clone());
            words.at += 1;
        }
        Ok(Operand { term, fields })
    }

    fn parenthesised(&mut self, words: &mut Words<'_>) -> Parsed<Pipeline> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("parentheses are nested too deeply");
        }
        let commands = self.commands(words)?;
        self.depth -= 1;
        match words.next().map(|token| &token.word) {
            Some(Word::Close) => Ok(Pipeline { commands, ..Pipeline::default() }),
            _ => self.fail("a parenthesis is not closed"),
        }
    }
}

struct Words<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }
}

/// The first word, if it is a name.
fn keyword(tokens: &[Token]) -> &str {
    match tokens.first().map(|token| &token.word) {
        Some(Word::Name(name)) => name,
        _ => "",
    }
}

/// `$a :=`, `$a, $b :=` or `$a =`: the variables, whether it assigns, and the number of words.
fn declaration(tokens: &[Token]) -> Option<(Vec<String>, bool, usize)> {
    let word = |at: usize| tokens.get(at).map(|token| &token.word);
    let variable = |at: usize| match word(at) {
        Some(Word::Variable(name)) => Some(name.clone()),
        _ => None,
    };
    let mut variables = vec![variable(0)?];
    if word(1) == Some(&Word::Comma) {
        variables.push(variable(2)?);
    }
    let at = variables.len() * 2 - 1;
    match word(at)? {
        Word::Declare => Some((variables, false, at + 1)),
        Word::Assign => Some((variables, true, at + 1)),
        _ => None,
    }
}
