//! Shapes and what to do with them.

use std::collections::{BTreeMap as Map, HashSet};
use std::{fmt, io::{self, Read, Write as _}};
use crate::prelude::*;
pub use super::point::Point;
mod helpers;
extern crate rand;

/// The most corners.
pub const MOST_CORNERS: usize = 12;
static mut COUNTER: u32 = 0;
type Pair<T> = (T, T);

/// A shape.
///
/// With corners.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Shape<'a, T: Area> {
    /// What it is called.
    pub name: &'a str,
    corners: Vec<Corner<T>>,
}

struct Unit;
pub struct Meters(f64);

pub enum Kind {
    Round,
    Square { side: f64 },
    /* with many */
    Many(Vec<Corner>),
}

pub trait Area: Sized {
    const SIDES: u32;
    type Output;
    fn area(&self) -> f64;
    fn double(&self) -> f64 {
        self.area() * 2.0
    }
}

impl<'a, T: Area> Shape<'a, T> {
    /// Makes one.
    #[must_use]
    pub fn new(name: &'a str) -> Self {
        const LOCAL: u32 = 1;
        let map: Map<String, Corner> = Map::new();
        Shape { name, corners: vec![] }
    }
}

impl<T> fmt::Display for Shape<'_, T> where T: Area {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", helpers::label::<T>(self.name))
    }
}

/// Makes a map.
macro_rules! map {
    ($($k:expr => $v:expr),*) => {};
}

pub mod inner {
    use super::Shape;

    pub(crate) async unsafe fn work(shape: &Shape) -> Result<Point, Error> {
        fn nested() {}
        shape.corners.iter().map(|c| c.turn()).collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_works() {
        assert!(true);
    }
}
