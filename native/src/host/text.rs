//! Text in, data out: strict JSON, JSON Patch on the text itself, TOML, SHA-256.

use rquickjs::prelude::Func;
use rquickjs::{Array, Ctx, Object, Value, qjs};
use sha2::{Digest, Sha256};
use toml::de::{DeTable, DeValue};

use crate::json::schema::{Schema, Shape};
use crate::json::{self, Limits, Operation, TextError};

/// Adds the functions to the host object.
pub fn bind<'js>(host: &Object<'js>) -> rquickjs::Result<()> {
    host.set("sha256", Func::from(sha256))?;
    let shapes = Shapes::of_specification();
    host.set(
        "parseJson",
        Func::from(move |ctx: Ctx<'js>, text: String, max_depth: u32, definition: String| {
            let parsed = shapes.parse(&text, max_depth as usize, &definition);
            reply(&ctx, parsed)
        }),
    )?;
    host.set("patchJson", Func::from(patch_json))?;
    host.set("parseToml", Func::from(parse_toml))
}

fn sha256(text: String) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Members of the OCI configuration that lintel reads; data of the specification, not policy.
const OCI_SCHEMA: &str = include_str!("../../../schemas/oci-config.schema.json");
const SCHEMA_DEPTH: usize = 64;

/// The schema's definitions, read once for all documents.
struct Shapes(Vec<(String, Shape<'static>)>);

impl Shapes {
    /// Those of the OCI schema. What cannot be read is not there, and `parse` says so.
    fn of_specification() -> Shapes {
        let limits = Limits { max_depth: SCHEMA_DEPTH, member_names: "", map_names: "" };
        // Given out for good: a machine is made once in a process, or lies in the snapshot.
        let read = json::parse(OCI_SCHEMA, &limits).unwrap_or(json::Value::Null);
        let document: &'static json::Value<'static> = Box::leak(Box::new(read.fitted()));
        let shape = |name: &str| Some((name.to_owned(), Shape::new(Schema::definition(document, name)?)));
        Shapes(Schema::definitions(document).filter_map(shape).collect())
    }

    /// Strict JSON; held to the named definition unless that is empty.
    fn parse<'a>(&self, text: &'a str, max_depth: usize, name: &str) -> Result<json::Value<'a>, TextError> {
        if name.is_empty() {
            return json::parse(text, &Limits { max_depth, member_names: "", map_names: "" });
        }
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, shape)) => json::parse_as(text, max_depth, shape),
            None => Err(TextError { message: format!("no schema {name}"), line: 1, column: 1 }),
        }
    }
}

/// `parseJson(text, maxDepth, definition)` of src/host/host.ts.
fn reply<'js>(ctx: &Ctx<'js>, parsed: Result<json::Value<'_>, TextError>) -> rquickjs::Result<Object<'js>> {
    match parsed {
        Ok(value) => succeed(ctx, to_js(ctx, &value)?),
        Err(error) => fail(ctx, &error),
    }
}

/// Operations arrive as objects `{op, path, value}` with `value` already JSON text.
fn patch_json<'js>(
    ctx: Ctx<'js>,
    text: String,
    operations: Vec<Object<'js>>,
) -> rquickjs::Result<Object<'js>> {
    let mut fields = Vec::with_capacity(operations.len());
    for operation in &operations {
        let name: String = operation.get("op")?;
        let path: String = operation.get("path")?;
        let value: Value = operation.get("value")?;
        let value = match ctx.json_stringify(value)? {
            Some(text) => text.to_string()?,
            None => String::new(),
        };
        fields.push((name, path, value));
    }
    let operations: Vec<Operation> = fields
        .iter()
        .map(|(name, path, value)| match name.as_str() {
            "add" => Operation::Add { path, value },
            "replace" => Operation::Replace { path, value },
            _ => Operation::Remove { path },
        })
        .collect();
    match json::apply(&text, &operations) {
        Ok(patched) => {
            let value = rquickjs::String::from_str(ctx.clone(), &patched)?;
            succeed(&ctx, value.into_value())
        }
        Err(error) => fail(&ctx, &error),
    }
}

fn succeed<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Object<'js>> {
    let reply = Object::new(ctx.clone())?;
    reply.set("ok", true)?;
    reply.set("value", value)?;
    Ok(reply)
}

fn fail<'js>(ctx: &Ctx<'js>, failure: &TextError) -> rquickjs::Result<Object<'js>> {
    let error = Object::new(ctx.clone())?;
    error.set("message", failure.message.as_str())?;
    error.set("line", failure.line as f64)?;
    error.set("column", failure.column as f64)?;
    let reply = Object::new(ctx.clone())?;
    reply.set("ok", false)?;
    reply.set("error", error)?;
    Ok(reply)
}

/// Builds the value without a second parse. Members that are null are left out: both runtimes read them as
/// absent (encoding/json leaves the zero value, libocispec an absent one).
fn to_js<'js>(ctx: &Ctx<'js>, value: &json::Value<'_>) -> rquickjs::Result<Value<'js>> {
    match build(ctx.as_raw().as_ptr(), value) {
        // SAFETY: `build` returns a value owned by us, of this context.
        Some(built) => Ok(unsafe { Value::from_raw(ctx.clone(), built) }),
        None => Err(rquickjs::Error::Exception),
    }
}

/// A new value the caller owns; `None` with an exception pending where memory ran out, since a document that is
/// only partly there must never be judged. Properties are defined, never set: a member called `__proto__` is data.
fn build(ctx: *mut qjs::JSContext, value: &json::Value<'_>) -> Option<qjs::JSValue> {
    // SAFETY: ctx is live; every value made here is handed over to its container or to the caller.
    let built = unsafe {
        match value {
            json::Value::Null => qjs::JS_NULL,
            json::Value::Bool(flag) => {
                if *flag {
                    qjs::JS_TRUE
                } else {
                    qjs::JS_FALSE
                }
            }
            json::Value::Number(text) => match text.parse::<i32>() {
                Ok(small) => qjs::JS_MKVAL(qjs::JS_TAG_INT, small),
                Err(_) => qjs::JS_NewFloat64(text.parse().unwrap_or(f64::NAN)),
            },
            json::Value::String(text) => qjs::JS_NewStringLen(ctx, text.as_ptr().cast(), text.len() as _),
            json::Value::Array(items) => {
                let array = qjs::JS_NewArray(ctx);
                let filled = !qjs::JS_IsException(array)
                    && items.iter().enumerate().all(|(index, item)| {
                        build(ctx, item).is_some_and(|item| {
                            let flags = qjs::JS_PROP_C_W_E as i32;
                            qjs::JS_DefinePropertyValueUint32(ctx, array, index as u32, item, flags) >= 0
                        })
                    });
                whole(ctx, array, filled)
            }
            json::Value::Object(members) => {
                let object = qjs::JS_NewObject(ctx);
                let filled = !qjs::JS_IsException(object)
                    && members
                        .iter()
                        .filter(|(_, member)| !matches!(member, json::Value::Null))
                        .all(|(name, member)| define(ctx, object, name, member));
                whole(ctx, object, filled)
            }
        }
    };
    // SAFETY: only the value's tag is looked at.
    (!unsafe { qjs::JS_IsException(built) }).then_some(built)
}

/// Gives the object one member; false where memory ran out.
fn define(ctx: *mut qjs::JSContext, object: qjs::JSValue, name: &str, member: &json::Value<'_>) -> bool {
    let Some(value) = build(ctx, member) else { return false };
    // SAFETY: ctx and object are live; the definition takes the value over, whether or not it works out.
    unsafe {
        let atom = qjs::JS_NewAtomLen(ctx, name.as_ptr().cast(), name.len() as _);
        if atom == qjs::JS_ATOM_NULL {
            qjs::JS_FreeValue(ctx, value);
            return false;
        }
        let defined = qjs::JS_DefinePropertyValue(ctx, object, atom, value, qjs::JS_PROP_C_W_E as i32);
        qjs::JS_FreeAtom(ctx, atom);
        defined >= 0
    }
}

/// The container if all of it is there, else the exception that says it is not.
fn whole(ctx: *mut qjs::JSContext, container: qjs::JSValue, filled: bool) -> qjs::JSValue {
    if filled {
        return container;
    }
    // SAFETY: ctx is live and the container ours; freeing an exception value does nothing.
    unsafe { qjs::JS_FreeValue(ctx, container) };
    qjs::JS_EXCEPTION
}

/// TOML as JSON, with the line of every member: `{value, lines: {pointer: line}}`.
fn parse_toml<'js>(ctx: Ctx<'js>, text: String) -> rquickjs::Result<Object<'js>> {
    match DeTable::parse(&text) {
        Ok(table) => {
            let mut reader =
                TomlReader { ctx: ctx.clone(), breaks: breaks(&text), lines: Object::new(ctx.clone())? };
            let value = reader.table("", table.get_ref())?;
            let parsed = Object::new(ctx.clone())?;
            parsed.set("value", value)?;
            parsed.set("lines", reader.lines)?;
            succeed(&ctx, parsed.into_value())
        }
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let message = error.message().replace('\n', " ");
            fail(&ctx, &TextError { message, line: line_at(&breaks(&text), at), column })
        }
    }
}

/// Where the lines of a text end.
fn breaks(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, _)| at).collect()
}

fn line_at(breaks: &[usize], offset: usize) -> usize {
    breaks.partition_point(|at| *at < offset) + 1
}

struct TomlReader<'js> {
    ctx: Ctx<'js>,
    breaks: Vec<usize>,
    lines: Object<'js>,
}

impl<'js> TomlReader<'js> {
    fn table(&mut self, at: &str, table: &DeTable<'_>) -> rquickjs::Result<Value<'js>> {
        let object = Object::new(self.ctx.clone())?;
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            self.lines.set(pointer.as_str(), line_at(&self.breaks, name.span().start) as u32)?;
            object.set(key, self.value(&pointer, value.get_ref())?)?;
        }
        Ok(object.into_value())
    }

    fn value(&mut self, at: &str, value: &DeValue<'_>) -> rquickjs::Result<Value<'js>> {
        let ctx = self.ctx.clone();
        Ok(match value {
            DeValue::String(text) => rquickjs::String::from_str(ctx, text)?.into_value(),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX);
                Value::new_number(ctx, parsed as f64)
            }
            DeValue::Float(number) => Value::new_number(ctx, number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::new_bool(ctx, *flag),
            // Dates are written bare in TOML; a policy compares them as text, `YYYY-MM-DD`.
            DeValue::Datetime(date) => rquickjs::String::from_str(ctx, &date.to_string())?.into_value(),
            DeValue::Array(items) => {
                let array = Array::new(ctx)?;
                for (index, item) in items.iter().enumerate() {
                    let pointer = format!("{at}/{index}");
                    self.lines.set(pointer.as_str(), line_at(&self.breaks, item.span().start) as u32)?;
                    array.set(index, self.value(&pointer, item.get_ref())?)?;
                }
                array.into_value()
            }
            DeValue::Table(table) => self.table(at, table)?,
        })
    }
}
