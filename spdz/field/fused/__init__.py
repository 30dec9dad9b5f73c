"""Functions of a field that do several operations in one pass over memory: their first argument is the field.

Each checks what it is given once and then runs a loop of the field's family; `spdz.field.family` lists the loops.
"""
