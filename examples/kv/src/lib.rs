//! A Bitcask key-value store built from untorn's primitives. Nothing is here yet but the place for
//! it; the README says what comes.
