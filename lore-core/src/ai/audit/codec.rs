//! How values become bytes, one way only: what reads back is written the same again.
//!
//! Numbers are LEB128 without needless bytes, text is its length and UTF-8, a choice is one byte that never changes its
//! meaning. The reader refuses every other way to write the same value.

use std::{borrow::Cow, time::Duration};

use crate::{
    ids::{CallId, RequestId},
    onchain::Address,
    time::Timestamp,
    usd::Usd,
};

/// Why bytes are no value: where, and what should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Bytes before it.
    pub(super) offset: usize,
    pub(super) expected: &'static str,
}

/// A value that has exactly one form in bytes.
pub(super) trait Canonical: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed>;
}

/// Reads bytes from the front.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    pub(super) const fn expected(&self, expected: &'static str) -> Malformed {
        Malformed { offset: self.len - self.rest.len(), expected }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| self.expected("another byte"))?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.expected("more bytes"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Refuses what is left.
    pub(super) const fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }
}

impl Canonical for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                return out.push(low & 0x7f);
            }
            out.push(low | 0x80);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = from.byte()?;
            let low = Self::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                // A last byte of zero adds nothing: the number has a shorter form.
                return if byte == 0 && shift > 0 {
                    Err(from.expected("the shortest form"))
                } else {
                    Ok(value)
                };
            }
        }
        Err(from.expected("a number of 64 bits"))
    }
}

macro_rules! smaller {
    ($($name:ident: $expected:literal),+) => { $(
        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                u64::from(*self).write(out);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                let value = u64::read(from)?;
                value.try_into().map_err(|_| from.expected($expected))
            }
        }
    )+ };
}
smaller!(u32: "a number of 32 bits", u16: "a number of 16 bits");

impl<const N: usize> Canonical for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let taken = from.take(N)?;
        taken.try_into().map_err(|_| from.expected("more bytes"))
    }
}

impl Canonical for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let len = usize::try_from(u64::read(from)?).map_err(|_| from.expected("a length"))?;
        let bytes = from.take(len)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| from.expected("text before"))
    }
}

impl Canonical for Cow<'static, str> {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        String::read(from).map(Cow::Owned)
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_len(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn write_len(len: usize, out: &mut Vec<u8>) {
    // No length in memory is longer than 64 bits.
    u64::try_from(len).unwrap_or(u64::MAX).write(out);
}

impl<T: Canonical> Canonical for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match from.byte()? {
            0 => Ok(None),
            1 => T::read(from).map(Some),
            _ => Err(from.expected("0 or 1 before")),
        }
    }
}

impl<T: Canonical> Canonical for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_len(self.len(), out);
        for value in self {
            value.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let len = u64::read(from)?;
        // Nothing is set aside for a length that the bytes may not keep.
        (0..len).map(|_| T::read(from)).collect()
    }
}

impl<T: Canonical> Canonical for Box<T> {
    fn write(&self, out: &mut Vec<u8>) {
        T::write(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        T::read(from).map(Self::new)
    }
}

impl Canonical for Duration {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_secs().write(out);
        self.subsec_nanos().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (seconds, nanos) = (u64::read(from)?, u32::read(from)?);
        if nanos >= 1_000_000_000 {
            return Err(from.expected("less than a second before"));
        }
        Ok(Self::new(seconds, nanos))
    }
}

impl Canonical for Timestamp {
    fn write(&self, out: &mut Vec<u8>) {
        self.unix_micros().unsigned_abs().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let micros = u64::read(from)?;
        let time = i64::try_from(micros).ok().and_then(|micros| Self::from_unix_micros(micros).ok());
        time.ok_or_else(|| from.expected("a time before"))
    }
}

impl Canonical for Usd {
    fn write(&self, out: &mut Vec<u8>) {
        self.picos().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        u64::read(from).map(Self::from_picos)
    }
}

impl Canonical for Address {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_bytes().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Canonical::read(from).map(Self::from_bytes)
    }
}

macro_rules! id {
    ($($name:ident),+) => { $(
        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                self.to_bytes().write(out);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                Canonical::read(from).map(Self::from_bytes)
            }
        }
    )+ };
}
id!(RequestId, CallId);

/// The form of a struct: its fields in this order. Destructured without `..`: a new field does not compile until somebody
/// has thought of a new version of the form.
macro_rules! record {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.write(out);)+
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($field: Canonical::read(from)?),+ })
            }
        }
    };
}
pub(super) use record;

/// The form of an enum: one byte and the fields of the variant.
macro_rules! choice {
    ($name:ident { $($tag:literal => $variant:ident
        $( ( $inner:ident ) )? $( { $($field:ident),+ $(,)? } )? ),+ $(,)? }) => {
        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $( ( $inner ) )? $( { $($field),+ } )? => {
                        out.push($tag);
                        $( $inner.write(out); )?
                        $( $($field.write(out);)+ )?
                    })+
                }
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(match from.byte()? {
                    $($tag => Self::$variant
                        $( ({ let $inner = Canonical::read(from)?; $inner }) )?
                        $( { $($field: Canonical::read(from)?),+ } )?,)+
                    _ => return Err(from.expected(concat!("a known ", stringify!($name), " before"))),
                })
            }
        }
    };
}
pub(super) use choice;

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Canonical>(bytes: &[u8]) -> Result<T, Malformed> {
        let mut from = Reader::new(bytes);
        let value = T::read(&mut from)?;
        from.end().map(|()| value)
    }

    #[test]
    fn a_number_has_one_form() {
        for (value, bytes) in [
            (0, vec![0]),
            (127, vec![127]),
            (128, vec![0x80, 1]),
            (u64::MAX, [vec![0xff; 9], vec![1]].concat()),
        ] {
            let mut out = Vec::new();
            value.write(&mut out);
            assert_eq!(out, bytes);
            assert_eq!(read::<u64>(&bytes), Ok(value));
        }
        let refused: [&[u8]; 6] =
            [&[], &[0x80], &[0x80, 0], &[0x81, 0], &[[0xff; 9].as_slice(), &[2]].concat(), &[0x80; 11]];
        for bytes in refused {
            assert!(read::<u64>(bytes).is_err(), "{bytes:?}");
        }
        assert!(read::<u32>(&[0x80, 0x80, 0x80, 0x80, 0x10]).is_err());
        assert_eq!(read::<u16>(&[0xff, 0xff, 3]), Ok(u16::MAX));
        assert!(read::<u16>(&[0x80, 0x80, 4]).is_err());
    }

    #[test]
    fn a_value_out_of_its_range_is_refused() {
        assert!(read::<Option<u64>>(&[2, 0]).is_err());
        assert!(read::<String>(&[1, 0xff]).is_err());
        assert!(read::<String>(&[2, b'a']).is_err());
        assert!(read::<Duration>(&[0, 0x80, 0x94, 0xeb, 0xdc, 3]).is_err());
        assert!(read::<Timestamp>(&[[0xff; 9].as_slice(), &[1]].concat()).is_err());
        assert!(read::<Vec<u64>>(&[[0xff; 9].as_slice(), &[1]].concat()).is_err());
        assert_eq!(read::<u64>(&[1, 2]), Err(Malformed { offset: 1, expected: "the end" }));
    }
}
