"""Parts of a mesh without any model: a surface is split where it is concave, and written as objects of their own."""
