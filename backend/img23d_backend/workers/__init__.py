"""Workers: what does jobs several at a time, for programs that have more than one to do. `pool` says what all kinds of them offer."""
