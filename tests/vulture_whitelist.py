"""What vulture takes for unused, and why it is not: ``vulture`` reads this file beside ``src``; it never runs.

An entry whose reason is gone must be deleted: run ``vulture src`` to see what vulture finds without this file.
"""

# Called by Python, IPython, json, jupyter_client, nbclient or traitlets.
_.__getattr__  # a name of the public interface is imported when it is used
_.__dir__
_.get_kernel_spec
_.async_start_new_kernel_client
_.async_execute_cell
_.process_message
_.parse_string
_.scan_once
_._known_words

# Called by pytest, by name, and by ``ast.NodeTransformer``.
_.pytest_addoption
_.pytest_load_initial_conftests
_.pytest_unconfigure
_.pytest_runtest_setup
_.pytest_runtest_call
_.pytest_runtest_teardown
_.visit_Pass

# Called by the probes in Keras, by name (``_adapter.dispatch``).
_.attribute_set
_.entered
_.batch_begins
_.batch_ended
_.building
_.layer_made
_.functions_dropped
_.structure_begins
_.structure_ended
_.function_begins
_.function_ended
_.setting_begins
_.setting_ended
_.adapt_begins
_.adapt_ended
_.policy_begins
_.policy_ended

# Called by the probes of cells (``_instrument.runtime``), which read the listener from a site.
_.probe_object
_.probe_list
_.probe_slot
_.probe_done
_.probe_step
_.probe_before
_.probe_after

# Attributes of IPython that the guard sets.
_.error_in_exec
_.last_execution_succeeded

# Names of parameters in protocols of other packages' functions.
_.callback
_.exc_tuple
_.f
_.hook
_.magic_kind
_.magic_name
_.output_hook
_.running_compiled_code
_.str_key
_.target_name
_.transient

# Keys of typed dictionaries, which are read as strings.
_.ask
_.cell_type
_.diagnostics
_.ename
_.evalue
_.msg_type
_.schema

# Changed in place.
_.table

# Used by tests only.
_.shield
_.uncounted

# A field of the JSON that the front end reads.
_.dismissed

# Keys of a message that is read by key (``_shell.front_end``).
request

# Called by tests that patch Keras.
_.forget_measurement
