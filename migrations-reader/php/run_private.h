/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the files of the interpreter share: a run, its classes, functions, objects and frames.
 *
 * A value that an evaluator returns is owned and never a reference; slots (variables, elements, properties)
 * may hold references. Pointers to slots die with the next evaluation, so whoever writes first evaluates
 * everything and then walks (assign.c).
 */

#include "migrations-reader/php/host.h"
#include "migrations-reader/php/interpret.h"
#include "migrations-reader/php/value_private.h"

/* ---- Names: a table from names to pointers. ---- */

struct php_names {
        struct php_value table;
};
void php_names_init(struct php_names *names);
void php_names_deinit(struct php_names *names);
void *php_names_find(const struct php_names *names, const char *name);
/* The same without case and without a leading backslash. */
void *php_names_find_folded(const struct php_names *names, const char *name);
void php_names_put(struct php_names *names, const char *name, void *item);
void php_names_put_folded(struct php_names *names, const char *name, void *item);
/* In order: for (size_t at = 0; (item = php_names_next(names, &at));). */
void *php_names_next(const struct php_names *names, size_t *at);

/* ---- Functions, methods, classes. ---- */

/* A function or method: of PHP code (node), or of a host (host or host_method). */
struct php_function {
        const char *name; /* as declared; borrowed */
        const struct php_ast *node; /* FUNCTION */
        struct php_file *file;
        const struct php_host_function *host;
        const struct php_host_method *host_method;
        php_host_call construct; /* a host class's constructor */
        struct php_class *owner; /* of a method */
        const char *trait; /* the trait that a method comes from; borrowed */
        unsigned flags; /* visibility, STATIC, ABSTRACT, FINAL */
        bool yields; /* has a yield: a generator */
        struct php_value statics; /* static variables by name: references */
};

/* A property's declaration as a class sees it. */
struct php_member {
        const char *name;
        struct php_value key; /* where objects keep it: the name, "\0Class\0name" when private */
        const struct php_ast *node; /* PROPERTY_DECLARATION, or the PARAMETER of a promoted one */
        const char *type; /* or NULL */
        struct php_class *owner;
        unsigned flags;
        struct php_member *next; /* the owner's */
        struct php_value cell; /* static: the value, for descendants that inherit it too */
        bool evaluated; /* static: the initial value is in the cell */
};

struct php_class_constant {
        const char *name;
        const struct php_ast *node; /* CONSTANT_DECLARATION; NULL: value is there */
        struct php_class *owner;
        struct php_value value;
        enum { PHP_CONSTANT_RAW, PHP_CONSTANT_BUSY, PHP_CONSTANT_READY } state;
        unsigned flags;
};

struct php_class {
        char *name;
        struct php_class *parent;
        const struct php_host_class *host; /* the class is a host's */
        const struct php_ast *node; /* CLASS of PHP code */
        struct php_file *file;
        struct php_class **interfaces; /* all, inherited ones too */
        size_t interface_count;
        bool unknown_interfaces; /* PHP code that implements something nobody here declares */
        bool linked; /* a host's class: parent and interfaces are looked up when it is needed */
        unsigned flags; /* ABSTRACT, FINAL, TRAIT, INTERFACE */
        struct php_names methods; /* struct php_function, folded; own and from traits */
        struct php_names members; /* struct php_member; all instance properties that the class sees */
        struct php_names statics; /* struct php_member; own and inherited */
        struct php_names constants; /* struct php_class_constant; own only */
        struct php_member *own; /* members and statics that it declares */
        char **external; /* names of unknown interfaces */
};

/* The host class that a class is or descends from, or NULL. */
const struct php_host_class *php_host_of(const struct php_class *class);
/* A host's class, or PHP code's that extends one: it may have more than is known here. */
bool php_is_foreign(const struct php_class *class);
bool php_descends(const struct php_class *class, const struct php_class *ancestor);
bool php_descends_name(const struct php_class *class, const char *name);

struct php_closure {
        struct php_function *function;
        bool owns_function; /* declared by an expression: dies with the closure */
        char *magic; /* the name that __call is asked for, or NULL */
        struct php_value this; /* an object or null */
        struct php_class *scope;
        struct php_class *static_class;
        struct php_value captured; /* array: name → value, or reference when captured by reference */
};

struct php_object {
        size_t references;
        struct php_run *run; /* NULL when the run has gone */
        struct php_class *class;
        struct php_value properties; /* array */
        void *host;
        struct php_closure *closure;
        struct php_object *next, *previous; /* all of the run */
};

/* ---- Frames: a call under way. ---- */

enum php_completion {
        PHP_NORMAL,
        PHP_BREAKING,
        PHP_CONTINUING,
        PHP_RETURNING,
};

struct php_frame {
        struct php_frame *caller;
        struct php_value variables; /* array: name → value or reference */
        struct php_value this; /* borrowed; null when none */
        struct php_class *scope; /* self */
        struct php_class *static_class; /* static */
        struct php_function *function; /* NULL at the top level */
        struct php_file *file;
        unsigned line;
        struct php_value extra; /* array of arguments behind the declared parameters */
        size_t passed; /* number of arguments */
        enum php_completion completion;
        unsigned levels; /* of BREAKING and CONTINUING, left to leave */
        struct php_value result; /* of RETURNING */
};

/* A magic method that is under way for a property: in it, the same name means the plain property. */
struct php_guard {
        struct php_guard *outer;
        struct php_object *object;
        const char *name;
        const char *method;
};

struct php_run {
        struct php_limits limits;
        php_class_loader loader;
        void *loader_context;
        void *host;
        struct php_names functions; /* struct php_function */
        struct php_names classes; /* struct php_class */
        struct php_names pending; /* struct php_pending: declared at a file's top level, not needed yet */
        struct php_names anonymous; /* struct php_class by the address of its node */
        struct php_value constants; /* array */
        struct php_file **files; /* loaded by the run, owned */
        size_t file_count;
        struct php_class **all_classes;
        size_t class_count;
        struct php_function **all_functions;
        size_t function_count;
        struct php_pending **all_pending;
        size_t pending_count;
        struct php_object *objects;
        struct php_class *closure_class;
        struct php_frame *frame;
        struct php_guard *guards;
        uint64_t steps;
        unsigned depth;
        size_t memory_before;
        unsigned silence; /* inside of @ */
        const struct php_value *ignored; /* where a statement that is an expression puts its value */
        bool weak_call; /* the next call comes from a host: weak mode */
        bool strict_call; /* the host function under way was called under strict_types */
        int json_error; /* of the last json_encode() or json_decode() */
        struct php_value exception;
        struct php_stop stop;
        bool stopped;
};

struct php_pending {
        const struct php_ast *node;
        struct php_file *file;
        bool done;
};

/* run.c */
enum php_flow php_limit(struct php_run *run, const char *what);
enum php_flow php_fatal(struct php_run *run, const char *format, ...) _printf(2, 3);
/* What PHP only warns about: needs_php, or PHP_OK where @ silences it. */
enum php_flow php_notice(struct php_run *run, const char *format, ...) _printf(2, 3);
/* Enters one more level of recursion; PHP_OK must be followed by php_leave. */
enum php_flow php_enter(struct php_run *run) _must_check;
static inline void php_leave(struct php_run *run)
{
        run->depth--;
}
void php_frame_deinit(struct php_frame *frame);
/* The value of what an operator answered; takes message's content. */
enum php_flow php_answered(struct php_run *run, enum php_answer answer, struct buffer *message);

/* object.c */
struct php_value php_object_new(struct php_run *run, struct php_class *class);
enum php_flow php_initialize_properties(struct php_run *run, struct php_object *object);
/* Where code in `scope` finds a property: *ret_member NULL for a dynamic one; *ret_key borrowed from the
 * member or from `name`. false: it exists but not for this scope. */
bool php_find_member(struct php_object *object, struct php_class *scope, struct php_value name,
        const struct php_member **ret_member, struct php_value *ret_key);
/* quiet: null for what is not there (isset, ??). */
enum php_flow php_read_property(struct php_run *run, struct php_value object, struct php_value name,
        bool quiet, struct php_value *ret);
enum php_flow php_write_property(
        struct php_run *run, struct php_value object, struct php_value name, struct php_value value);
enum php_flow php_unset_property(struct php_run *run, struct php_value object, struct php_value name);
/* The property itself, made when it is not there; nested writes and references. */
enum php_flow php_property_slot(struct php_run *run, struct php_value object, struct php_value name,
        bool for_reference, struct php_value **ret);
enum php_flow php_isset_property(
        struct php_run *run, struct php_value object, struct php_value name, bool *ret);
/* What is in a property with a declared type, or NULL. */
const struct php_value *php_typed_property(
        struct php_run *run, struct php_object *object, struct php_value name);
/* Those that the scope sees, by plain name, in PHP's order; mangle: as (array) names them, all of them. */
struct php_value php_visible_properties(struct php_object *object, struct php_class *scope, bool mangle);
enum php_flow php_clone_object(struct php_run *run, struct php_value object, struct php_value *ret);
void php_objects_clear(struct php_run *run);

/* classes.c */
struct php_class *php_class_new(struct php_run *run, const char *name);
void php_class_free(struct php_class *class);
/* NULL in *ret when nobody declares it. */
enum php_flow php_find_class(struct php_run *run, const char *name, struct php_class **ret);
/* needs_php when nobody declares it. */
enum php_flow php_need_class(struct php_run *run, const char *name, struct php_class **ret);
/* The class that a CLASS_NAME or an expression means; *ret_forwards: self, parent or static. */
enum php_flow php_resolve_class(
        struct php_run *run, const struct php_ast *node, struct php_class **ret, bool *ret_forwards);
void php_declare_ahead(struct php_run *run, const struct php_ast *block, struct php_file *file);
enum php_flow php_declare_class(struct php_run *run, const struct php_ast *node, struct php_file *file,
        const char *name, struct php_class **ret);
void php_declare_function(struct php_run *run, const struct php_ast *node, struct php_file *file);
struct php_function *php_function_new(struct php_run *run);
void php_function_free(struct php_function *function);
bool php_has_yield(const struct php_ast *node);

void php_class_clear(struct php_class *class); /* what its constants and static properties hold */
void php_add_interface(struct php_class *class, struct php_class *interface);
void php_add_external(struct php_class *class, const char *name);
void php_inherit_interfaces(struct php_class *class, const struct php_class *parent);
enum php_flow php_link_host_class(struct php_run *run, struct php_class *class);
void php_class_add_host_constant(struct php_class *class, const struct php_host_constant *constant);

/* members.c */
struct php_function *php_find_method(struct php_class *class, const char *name);
enum php_flow php_class_constant(
        struct php_run *run, struct php_class *class, const char *name, struct php_value *ret);
/* The cell of a static property; needs_php or Error when there is none. */
enum php_flow php_static_cell(
        struct php_run *run, struct php_class *class, const char *name, struct php_member **ret);
/* Evaluates an initial value or constant in a class's scope. */
enum php_flow php_evaluate_in_class(
        struct php_run *run, struct php_class *class, const struct php_ast *node, struct php_value *ret);

/* calls.c */
struct php_target {
        struct php_function *function;
        struct php_value this; /* borrowed */
        struct php_class *static_class;
        struct php_class *scope;
        struct php_object *closure; /* the object of a closure; borrowed */
        const char *magic; /* __call: the name that was asked for; borrowed */
};
struct php_arguments {
        struct php_value *values; /* owned; an absent one is a REFERENCE to NULL */
        size_t count;
        struct php_value named; /* array of what a variadic takes by name, or null */
};
#define PHP_ABSENT ((struct php_value){.type = PHP_TYPE_REFERENCE, .reference = NULL})
static inline bool php_is_absent(struct php_value value)
{
        return value.type == PHP_TYPE_REFERENCE && !value.reference;
}
void php_arguments_deinit(struct php_arguments *arguments);
void php_arguments_add(struct php_arguments *arguments, struct php_value value);
/* Runs a target with arguments that are its own (moved out of). */
enum php_flow php_invoke(struct php_run *run, const struct php_target *target,
        struct php_arguments *arguments, struct php_value *ret);
enum php_flow php_invoke_copies(struct php_run *run, const struct php_target *target,
        const struct php_value *arguments, size_t count, struct php_value *ret);
enum php_flow php_collect_arguments(struct php_run *run, const struct php_ast *node, size_t first,
        const struct php_target *target, struct php_arguments *ret);
/* A method seen from the current scope; thrown or needs_php when it can't be called. The magic __call counts.
 */
enum php_flow php_method_target(
        struct php_run *run, struct php_value object, const char *name, struct php_target *ret);
/* Calls a method that is known to be there, whatever its visibility, or does nothing (*ret_called false). */
enum php_flow php_call_magic(struct php_run *run, struct php_value object, const char *name,
        const struct php_value *arguments, size_t count, bool *ret_called, struct php_value *ret);
enum php_flow php_bind_parameters(struct php_run *run, const struct php_target *target, bool strict,
        struct php_arguments *arguments, struct php_frame *frame);
/* The parameter at this place (the variadic one for all behind it), or NULL. */
const struct php_ast *php_parameter(const struct php_function *function, size_t n);
enum php_flow php_static_target(struct php_run *run, struct php_class *class, bool forwards, const char *name,
        struct php_target *ret);
/* "Class::method" or "function", for messages; owned. */
char *php_function_title(const struct php_function *function);
bool php_takes_reference(const struct php_function *function, size_t n);
enum php_flow php_make_object(struct php_run *run, struct php_class *class, struct php_value *ret);
enum php_flow php_construct(struct php_run *run, struct php_value object, struct php_arguments *arguments);
enum php_flow php_instantiate(
        struct php_run *run, struct php_class *class, struct php_arguments *arguments, struct php_value *ret);
/* dispatch.c */
enum php_flow php_evaluate_call(struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_method_call(
        struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_static_call(
        struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_new(struct php_run *run, const struct php_ast *node, struct php_value *ret);

/* closures.c */
enum php_flow php_evaluate_closure(struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_arrow(struct php_run *run, const struct php_ast *node, struct php_value *ret);
struct php_value php_closure_of(struct php_run *run, const struct php_target *target);
enum php_flow php_not_callable(struct php_run *run, struct php_value value);
void php_closure_free(struct php_closure *closure);
/* false: not callable. */
enum php_flow php_callable_target(
        struct php_run *run, struct php_value callable, struct php_target *ret, bool *ret_callable);
void php_add_closure_class(struct php_run *run);

/* types.c */
/* Makes *value (owned by the caller) fit the declared type, or answers what is wrong. */
enum php_flow php_fit_type(struct php_run *run, const char *type, bool strict, struct php_class *scope,
        struct php_class *static_class, struct php_value *value, bool *ret_fits);
enum php_flow php_coerce_scalar(
        struct php_run *run, enum php_type wanted, bool strict, struct php_value *value, bool *ret_fits);

/* expressions.c */
enum php_flow php_evaluate(struct php_run *run, const struct php_ast *node, struct php_value *ret)
        _must_check;
/* Null for variables, offsets and properties that are not there. */
enum php_flow php_evaluate_quiet(struct php_run *run, const struct php_ast *node, struct php_value *ret)
        _must_check;
enum php_flow php_binary(struct php_run *run, enum php_operator operator, struct php_value left,
        struct php_value right, struct php_value *ret);
enum php_flow php_loosely_equal(
        struct php_run *run, struct php_value left, struct php_value right, bool *ret);

/* casts.c */
enum php_flow php_evaluate_instanceof(struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_clone(struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_cast(struct php_run *run, const struct php_ast *node, struct php_value *ret);

/* lookup.c */
enum php_flow php_read_variable(
        struct php_run *run, struct php_value name, bool quiet, struct php_value *ret);
enum php_flow php_read_offset(struct php_run *run, struct php_value base, struct php_value index, bool quiet,
        struct php_value *ret);
enum php_flow php_evaluate_lookup(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret);
enum php_flow php_evaluate_isset(struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_empty(struct php_run *run, const struct php_ast *node, struct php_value *ret);
/* An array key, or why there is none (thrown). */
enum php_flow php_offset_key(struct php_run *run, struct php_value index, struct php_key *ret);

/* assign.c */
enum php_flow php_evaluate_assign(struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_assign_reference(
        struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_assign_operator(
        struct php_run *run, const struct php_ast *node, struct php_value *ret);
enum php_flow php_evaluate_increment(struct php_run *run, const struct php_ast *node, struct php_value *ret);
/* Puts a value (borrowed) where the node says: a variable, element, property, list. */
enum php_flow php_assign_to(struct php_run *run, const struct php_ast *target, struct php_value value);
/* A reference to where the node says, made when it is not there. */
enum php_flow php_reference_to(struct php_run *run, const struct php_ast *node, struct php_value *ret);
/* Makes the node's place be this reference (taken). */
enum php_flow php_bind_reference(struct php_run *run, const struct php_ast *node, struct php_value reference);
enum php_flow php_unset_target(struct php_run *run, const struct php_ast *node);
bool php_is_place(const struct php_ast *node);

/* statements.c */
enum php_flow php_execute(struct php_run *run, const struct php_ast *node) _must_check;
enum php_flow php_execute_children(struct php_run *run, const struct php_ast *node, size_t first);
/* loops.c */
enum php_flow php_execute_while(struct php_run *run, const struct php_ast *node);
enum php_flow php_execute_do(struct php_run *run, const struct php_ast *node);
enum php_flow php_execute_for(struct php_run *run, const struct php_ast *node);
enum php_flow php_execute_foreach(struct php_run *run, const struct php_ast *node);
/* After a loop's or switch's body: whether to go on with it. */
bool php_goes_on(struct php_run *run);

/* introspection.c */
extern const struct php_host_function php_introspection[];

/* The slot itself, or what is behind the reference that it holds. */
static inline struct php_value *php_behind(struct php_value *slot)
{
        return slot->type == PHP_TYPE_REFERENCE ? &slot->reference->value : slot;
}
struct php_key php_key_text(const char *text);
bool php_is_this(const struct php_ast *node);
