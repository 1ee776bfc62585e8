//! The C library's trigonometry, in a portable form. QuickJS's table of `Math` names every function, and glibc brings
//! each four to eight times over, once for each kind of processor, with tables: 230 kB of what lintel never calls.

/// Functions of one number by the names C code links to.
macro_rules! of_one_number {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(x: f64) -> f64 {
            libm::$name(x)
        }
    )*};
}

of_one_number!(acos acosh asin asinh atan atanh cos cosh expm1 log1p sin sinh tan tanh);

#[unsafe(no_mangle)]
extern "C" fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}
