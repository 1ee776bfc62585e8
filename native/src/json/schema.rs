//! Checks a parsed document against a JSON Schema (the small part of draft-07 that schemas/oci-config.schema.json
//! uses: type, properties, required, items, additionalProperties, $ref to a definition).

use super::Value;

/// A schema document and the definition of it that counts.
pub struct Schema<'a> {
    definitions: &'a Value<'a>,
    root: &'a Value<'a>,
}

/// A definition with the names that `Limits` wants to know.
pub struct Shape<'a> {
    pub schema: Schema<'a>,
    pub member_names: String,
    pub map_names: String,
}

impl<'a> Shape<'a> {
    /// Gathers the names.
    pub fn new(schema: Schema<'a>) -> Shape<'a> {
        let (member_names, map_names) = schema.names();
        Shape { schema, member_names, map_names }
    }
}

/// Where a document has another shape than its schema says.
pub struct Mismatch {
    /// RFC 6901 pointer.
    pub pointer: String,
    pub expected: String,
}

impl<'a> Schema<'a> {
    /// The named definition of a schema document, if it has it.
    pub fn definition(document: &'a Value<'a>, name: &str) -> Option<Schema<'a>> {
        let definitions = member(document, "definitions")?;
        Some(Schema { definitions, root: member(definitions, name)? })
    }

    /// The names of a schema document's definitions.
    pub fn definitions(document: &'a Value<'a>) -> impl Iterator<Item = &'a str> {
        let members = match member(document, "definitions") {
            Some(Value::Object(members)) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, _)| name.as_ref())
    }

    /// The first member that is not as the schema says. Null members count as absent.
    pub fn mismatch(&self, value: &Value) -> Option<Mismatch> {
        self.check(value, self.root, &mut String::new())
    }

    /// Names of all members, and of those whose value is a free-form map; each list space-separated.
    pub fn names(&self) -> (String, String) {
        let mut members = String::new();
        let mut maps = String::new();
        self.collect(self.root, &mut members, &mut maps);
        (members, maps)
    }

    fn check(&self, value: &Value, schema: &Value, at: &mut String) -> Option<Mismatch> {
        let schema = self.resolve(schema);
        let expected = text(member(schema, "type")).unwrap_or_default();
        let right = match (expected, value) {
            ("string", Value::String(_)) | ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => {
                return None;
            }
            ("array", Value::Array(items)) => return self.check_items(items, schema, at),
            ("object", Value::Object(members)) => return self.check_members(members, schema, at),
            _ => expected,
        };
        Some(Mismatch { pointer: at.clone(), expected: with_article(right) })
    }

    fn check_items(&self, items: &[Value], schema: &Value, at: &mut String) -> Option<Mismatch> {
        let inner = member(schema, "items")?;
        let length = at.len();
        for (index, item) in items.iter().enumerate() {
            at.push_str(&format!("/{index}"));
            if let Some(found) = self.check(item, inner, at) {
                return Some(found);
            }
            at.truncate(length);
        }
        None
    }

    fn check_members(
        &self,
        members: &[(std::borrow::Cow<'_, str>, Value)],
        schema: &Value,
        at: &mut String,
    ) -> Option<Mismatch> {
        if let Some(Value::Array(required)) = member(schema, "required") {
            let missing = required.iter().filter_map(|name| text(Some(name))).find(|name| {
                !members.iter().any(|(known, value)| known == name && !matches!(value, Value::Null))
            });
            if let Some(name) = missing {
                return Some(Mismatch { pointer: format!("{at}/{name}"), expected: "present".to_owned() });
            }
        }
        let properties = member(schema, "properties");
        let others = member(schema, "additionalProperties");
        let length = at.len();
        for (name, value) in members {
            let known = properties.and_then(|properties| member(properties, name)).or(others);
            let Some(inner) = known.filter(|_| !matches!(value, Value::Null)) else { continue };
            at.push('/');
            at.push_str(&name.replace('~', "~0").replace('/', "~1"));
            if let Some(found) = self.check(value, inner, at) {
                return Some(found);
            }
            at.truncate(length);
        }
        None
    }

    fn resolve<'s>(&'s self, schema: &'s Value<'s>) -> &'s Value<'s> {
        let name =
            text(member(schema, "$ref")).and_then(|reference| reference.strip_prefix("#/definitions/"));
        name.and_then(|name| member(self.definitions, name)).unwrap_or(schema)
    }

    fn collect(&self, schema: &Value, members: &mut String, maps: &mut String) {
        let schema = self.resolve(schema);
        if let Some(items) = member(schema, "items") {
            self.collect(items, members, maps);
        }
        if let Some(Value::Object(properties)) = member(schema, "properties") {
            for (name, inner) in properties {
                let inner = self.resolve(inner);
                let list =
                    if member(inner, "additionalProperties").is_some() { &mut *maps } else { &mut *members };
                list.push_str(name);
                list.push(' ');
                self.collect(inner, members, maps);
            }
        }
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "array" | "object" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}

fn member<'v>(value: &'v Value<'v>, name: &str) -> Option<&'v Value<'v>> {
    match value {
        Value::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, inner)| inner),
        _ => None,
    }
}

fn text<'v>(value: Option<&'v Value<'v>>) -> Option<&'v str> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
