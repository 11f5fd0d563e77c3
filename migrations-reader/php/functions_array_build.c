/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

/* Elements that one call may make. */
#define ELEMENT_LIMIT 4000000

/* A copy of the element under its own name, or behind the last when it has a number. */
static void add_renumbered(struct php_value *target, struct php_key key, struct php_value value)
{
        if (key.is_string)
                php_array_set(target, key, php_copy(value));
        else
                php_array_append(target, php_copy(value));
}

static enum php_flow append_all(struct php_run *run, struct php_value *target, struct php_value array)
{
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                TRY(php_step(run));
                add_renumbered(target, key, value);
        }
        return PHP_OK;
}

PHP_FUNCTION(array_merge)
{
        if (call->count == 0)
                return php_differs(run, "array_merge() without arguments");
        _cleanup_php_value_ struct php_value merged = php_new_array();
        for (size_t i = 0; i < call->count; i++) {
                struct php_value array;
                TRY(php_argument_array(run, call, i, &array));
                TRY(append_all(run, &merged, array));
        }
        return php_return(call, php_steal(&merged));
}

static enum php_flow merge_recursively(
        struct php_run *run, struct php_value *target, struct php_value array, unsigned depth);

/* Two elements of one name become an array of both. */
static enum php_flow merge_element(struct php_run *run, struct php_value *target, struct php_key key,
        struct php_value value, unsigned depth)
{
        const struct php_value *there = php_array_get(*target, key);
        if (there->type == PHP_TYPE_OBJECT || value.type == PHP_TYPE_OBJECT)
                return php_needs_php(run, "array_merge_recursive() of objects");
        _cleanup_php_value_ struct php_value both = PHP_NULL_VALUE;
        if (there->type == PHP_TYPE_ARRAY) {
                both = php_copy(*there);
        } else {
                both = php_new_array();
                php_array_append(&both, php_copy(*there));
        }
        if (value.type == PHP_TYPE_ARRAY)
                TRY(merge_recursively(run, &both, value, depth + 1));
        else
                php_array_append(&both, php_copy(value));
        php_array_set(target, key, php_steal(&both));
        return PHP_OK;
}

static enum php_flow merge_recursively(
        struct php_run *run, struct php_value *target, struct php_value array, unsigned depth)
{
        struct php_key key;
        struct php_value value;
        if (depth > 100)
                return php_needs_php(run, "an array nested so deeply");
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                TRY(php_step(run));
                if (key.is_string && php_array_get(*target, key))
                        TRY(merge_element(run, target, key, value, depth));
                else
                        add_renumbered(target, key, value);
        }
        return PHP_OK;
}

PHP_FUNCTION(array_merge_recursive)
{
        if (call->count == 0)
                return php_differs(run, "array_merge_recursive() without arguments");
        _cleanup_php_value_ struct php_value merged = php_new_array();
        for (size_t i = 0; i < call->count; i++) {
                struct php_value array;
                TRY(php_argument_array(run, call, i, &array));
                TRY(merge_recursively(run, &merged, array, 0));
        }
        return php_return(call, php_steal(&merged));
}

static enum php_flow replace_elements(
        struct php_run *run, struct php_value *target, struct php_value array, bool recursive, unsigned depth)
{
        struct php_key key;
        struct php_value value;
        if (depth > 100)
                return php_needs_php(run, "an array nested so deeply");
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                TRY(php_step(run));
                const struct php_value *there = recursive ? php_array_get(*target, key) : NULL;
                if (!there || there->type != PHP_TYPE_ARRAY || value.type != PHP_TYPE_ARRAY) {
                        php_array_set(target, key, php_copy(value));
                        continue;
                }
                _cleanup_php_value_ struct php_value inner = php_copy(*there);
                TRY(replace_elements(run, &inner, value, true, depth + 1));
                php_array_set(target, key, php_steal(&inner));
        }
        return PHP_OK;
}

static enum php_flow replace_arrays(struct php_run *run, struct php_call *call, bool recursive)
{
        struct php_value array;
        TRY(php_argument_array(run, call, 0, &array));
        _cleanup_php_value_ struct php_value replaced = php_copy(array);
        for (size_t i = 1; i < call->count; i++) {
                TRY(php_argument_array(run, call, i, &array));
                TRY(replace_elements(run, &replaced, array, recursive, 0));
        }
        return php_return(call, php_steal(&replaced));
}

PHP_FUNCTION(array_replace)
{
        return replace_arrays(run, call, false);
}

PHP_FUNCTION(array_replace_recursive)
{
        return replace_arrays(run, call, true);
}

/* Sets *array[the key that `name` makes in array_combine() and array_fill_keys()]. */
static enum php_flow set_named(
        struct php_run *run, struct php_value *array, struct php_value name, struct php_value value)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_step(run));
        if (name.type == PHP_TYPE_INT) {
                php_array_set(array, php_key_int(name.integer), php_copy(value));
                return PHP_OK;
        }
        TRY(php_stringify(run, name, &text));
        php_array_set(array, php_key_bytes(php_string_bytes(text), php_string_size(text)), php_copy(value));
        return PHP_OK;
}

PHP_FUNCTION(array_combine)
{
        struct php_value keys;
        struct php_value values;
        struct php_value key;
        struct php_value value;
        TRY(php_argument_array(run, call, 0, &keys));
        TRY(php_argument_array(run, call, 1, &values));
        if (php_array_count(keys) != php_array_count(values))
                return php_differs(run, "array_combine() of arrays of different lengths");
        _cleanup_php_value_ struct php_value combined = php_new_array();
        size_t value_at = 0;
        for (size_t at = 0;
                php_array_next(keys, &at, NULL, &key) && php_array_next(values, &value_at, NULL, &value);)
                TRY(set_named(run, &combined, key, value));
        return php_return(call, php_steal(&combined));
}

PHP_FUNCTION(array_fill_keys)
{
        struct php_value keys;
        struct php_value key;
        TRY(php_argument_array(run, call, 0, &keys));
        _cleanup_php_value_ struct php_value filled = php_new_array();
        for (size_t at = 0; php_array_next(keys, &at, NULL, &key);)
                TRY(set_named(run, &filled, key, php_argument(call, 1)));
        return php_return(call, php_steal(&filled));
}

static bool is_key(struct php_value value)
{
        return value.type == PHP_TYPE_INT || value.type == PHP_TYPE_STRING;
}

PHP_FUNCTION(array_flip)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        struct php_key flipped_key;
        TRY(php_argument_array(run, call, 0, &array));
        _cleanup_php_value_ struct php_value flipped = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                if (!is_key(value) || !php_key_of(value, &flipped_key))
                        return php_needs_php(run, "array_flip() of a %s", php_type_name(value));
                php_array_set(&flipped, flipped_key, php_key_value(key));
        }
        return php_return(call, php_steal(&flipped));
}

PHP_FUNCTION(array_count_values)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        TRY(php_argument_array(run, call, 0, &array));
        _cleanup_php_value_ struct php_value counts = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);) {
                if (!is_key(value) || !php_key_of(value, &key))
                        return php_needs_php(run, "array_count_values() of a %s", php_type_name(value));
                struct php_value *slot = php_array_slot(&counts, key);
                *slot = php_int(slot->type == PHP_TYPE_INT ? slot->integer + 1 : 1);
        }
        return php_return(call, php_steal(&counts));
}

PHP_FUNCTION(array_fill)
{
        int64_t first;
        int64_t count;
        TRY(php_argument_int(run, call, 0, &first));
        TRY(php_argument_int(run, call, 1, &count));
        if (count < 0 || count > ELEMENT_LIMIT || (first < 0 && count > 1) || first > INT64_MAX - count)
                return php_differs(run, "array_fill() with these numbers");
        _cleanup_php_value_ struct php_value filled = php_new_array();
        for (int64_t i = 0; i < count; i++) {
                TRY(php_step(run));
                php_array_set(&filled, php_key_int(first + i), php_copy(php_argument(call, 2)));
        }
        return php_return(call, php_steal(&filled));
}

static void append_times(struct php_value *array, struct php_value value, int64_t times)
{
        for (; times > 0; times--)
                php_array_append(array, php_copy(value));
}

PHP_FUNCTION(array_pad)
{
        struct php_value array;
        int64_t length;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_argument_int(run, call, 1, &length));
        int64_t count = (int64_t)php_array_count(array);
        if (length < -ELEMENT_LIMIT || length > ELEMENT_LIMIT)
                return php_needs_php(run, "array_pad() to so many elements");
        int64_t missing = (length < 0 ? -length : length) - count;
        if (missing <= 0)
                return php_return(call, php_copy(array));
        if (missing > 1048576)
                return php_differs(run, "array_pad() by so many elements");
        _cleanup_php_value_ struct php_value padded = php_new_array();
        append_times(&padded, php_argument(call, 2), length < 0 ? missing : 0);
        TRY(append_all(run, &padded, array));
        append_times(&padded, php_argument(call, 2), length < 0 ? 0 : missing);
        return php_return(call, php_steal(&padded));
}

/* The places [*ret_from, *ret_to) that offset and length mean in an array of so many elements. */
static void part_of(size_t count, int64_t offset, int64_t length, size_t *ret_from, size_t *ret_to)
{
        int64_t size = (int64_t)count;
        int64_t from = offset > size ? size : offset >= 0 ? offset : offset < -size ? 0 : size + offset;
        int64_t most = size - from;
        int64_t taken = length > most ? most : length >= 0 ? length : length < -most ? 0 : most + length;
        *ret_from = (size_t)from;
        *ret_to = (size_t)(from + taken);
}

PHP_FUNCTION(array_slice)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        int64_t offset;
        int64_t length = INT64_MAX;
        bool keep = false;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_argument_int(run, call, 1, &offset));
        if (php_given_value(call, 2))
                TRY(php_argument_int(run, call, 2, &length));
        TRY(php_optional_bool(run, call, 3, &keep));
        size_t from;
        size_t to;
        part_of(php_array_count(array), offset, length, &from, &to);
        struct php_value part = php_new_array();
        size_t place = 0;
        for (size_t at = 0; place < to && php_array_next(array, &at, &key, &value); place++) {
                if (place < from)
                        continue;
                if (keep)
                        php_array_set(&part, key, php_copy(value));
                else
                        add_renumbered(&part, key, value);
        }
        return php_return(call, part);
}

/* What array_splice() puts in, as an array. */
static enum php_flow replacement_of(struct php_run *run, struct php_call *call, struct php_value *ret)
{
        struct php_value value = php_argument(call, 3);
        if (value.type == PHP_TYPE_OBJECT)
                return php_needs_php(run, "array_splice() with an object");
        if (value.type == PHP_TYPE_ARRAY) {
                *ret = php_copy(value);
                return PHP_OK;
        }
        *ret = php_new_array();
        if (value.type != PHP_TYPE_NULL)
                php_array_append(ret, php_copy(value));
        return PHP_OK;
}

static void append_values(struct php_value *target, struct php_value array)
{
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);)
                php_array_append(target, php_copy(value));
}

PHP_FUNCTION(array_splice)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        int64_t offset;
        int64_t length = INT64_MAX;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_argument_int(run, call, 1, &offset));
        if (php_given(call, 2) && !php_given_value(call, 2))
                return php_differs(run, "array_splice() with the length null");
        TRY(php_optional_int(run, call, 2, &length));
        _cleanup_php_value_ struct php_value put_in = PHP_NULL_VALUE;
        TRY(replacement_of(run, call, &put_in));
        size_t from;
        size_t to;
        part_of(php_array_count(array), offset, length, &from, &to);
        struct php_value removed = php_new_array();
        struct php_value rest = php_new_array();
        size_t place = 0;
        for (size_t at = 0; php_array_next(array, &at, &key, &value); place++) {
                if (place == from)
                        append_values(&rest, put_in);
                add_renumbered(place >= from && place < to ? &removed : &rest, key, value);
        }
        if (from >= place)
                append_values(&rest, put_in);
        php_put_argument(call, 0, rest);
        return php_return(call, removed);
}

PHP_FUNCTION(array_chunk)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        int64_t size;
        bool keep = false;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_argument_int(run, call, 1, &size));
        TRY(php_optional_bool(run, call, 2, &keep));
        if (size < 1)
                return php_differs(run, "array_chunk() with an invalid size");
        struct php_value chunks = php_new_array();
        struct php_value *chunk = NULL;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                if (!chunk || (int64_t)php_array_count(*chunk) == size) {
                        chunk = php_array_slot_append(&chunks);
                        *chunk = php_new_array();
                }
                if (keep)
                        php_array_set(chunk, key, php_copy(value));
                else
                        php_array_append(chunk, php_copy(value));
        }
        return php_return(call, chunks);
}

PHP_FUNCTION(array_reverse)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        bool keep = false;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_optional_bool(run, call, 1, &keep));
        struct php_value reversed = php_new_array();
        for (size_t at = SIZE_MAX; php_array_previous(array, &at, &key, &value);) {
                if (keep)
                        php_array_set(&reversed, key, php_copy(value));
                else
                        add_renumbered(&reversed, key, value);
        }
        return php_return(call, reversed);
}

/* A column's element in a row of array_column(), or NULL. */
static enum php_flow column_of(
        struct php_run *run, struct php_value row, struct php_value column, const struct php_value **ret)
{
        struct php_key key;
        if (!is_key(column) || !php_key_of(column, &key))
                return php_differs(run, "array_column() with a %s for a column", php_type_name(column));
        *ret = php_array_get(row, key);
        return PHP_OK;
}

static enum php_flow add_column(
        struct php_run *run, struct php_call *call, struct php_value row, struct php_value *columns)
{
        const struct php_value *value = &row;
        const struct php_value *index = NULL;
        struct php_key key;
        if (php_given_value(call, 1))
                TRY(column_of(run, row, php_argument(call, 1), &value));
        if (!value)
                return PHP_OK;
        if (php_given_value(call, 2))
                TRY(column_of(run, row, php_argument(call, 2), &index));
        if (!index)
                php_array_append(columns, php_copy(*value));
        else if (is_key(*index) && php_key_of(*index, &key))
                php_array_set(columns, key, php_copy(*value));
        else
                return php_differs(run, "array_column() with a %s for a key", php_type_name(*index));
        return PHP_OK;
}

static enum php_flow check_column(struct php_run *run, struct php_call *call, size_t n)
{
        if (php_given_value(call, n) && !is_key(php_argument(call, n)))
                return php_differs(
                        run, "array_column() with a %s for a column", php_type_name(php_argument(call, n)));
        return PHP_OK;
}

PHP_FUNCTION(array_column)
{
        struct php_value array;
        struct php_value row;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(check_column(run, call, 1));
        TRY(check_column(run, call, 2));
        _cleanup_php_value_ struct php_value columns = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, NULL, &row);) {
                TRY(php_step(run));
                if (row.type == PHP_TYPE_OBJECT)
                        return php_needs_php(run, "array_column() of objects");
                if (row.type == PHP_TYPE_ARRAY)
                        TRY(add_column(run, call, row, &columns));
        }
        return php_return(call, php_steal(&columns));
}

PHP_FUNCTION(array_change_key_case)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        int64_t upper = 0;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_optional_int(run, call, 1, &upper));
        struct php_value changed = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                if (!key.is_string) {
                        php_array_set(&changed, key, php_copy(value));
                        continue;
                }
                _cleanup_buffer_ struct buffer name = {0};
                buffer_append(&name, key.bytes, key.size);
                for (size_t i = 0; i < name.size; i++)
                        name.data[i] = upper == 1 ? php_upper(name.data[i]) : php_lower(name.data[i]);
                php_array_set(
                        &changed, php_key_bytes(name.data ? name.data : "", name.size), php_copy(value));
        }
        return php_return(call, changed);
}

/* An end of range(): a whole number, or one character that is no digit. */
static enum php_flow range_end(struct php_run *run, struct php_value value, int64_t *ret, bool *ret_character)
{
        struct php_value number = PHP_NULL_VALUE;
        bool numeric = false;
        *ret_character = false;
        if (value.type == PHP_TYPE_STRING) {
                TRY(php_expect(run, php_numeric(value, &numeric, &number), "range() of texts"));
                *ret_character = !numeric;
                *ret = (unsigned char)php_string_bytes(value)[0];
                if (!numeric && php_string_size(value) == 1)
                        return PHP_OK;
                value = number;
        }
        if (value.type != PHP_TYPE_INT)
                return php_needs_php(run, "range() of what is neither whole numbers nor characters");
        *ret = value.integer;
        return PHP_OK;
}

PHP_FUNCTION(range)
{
        int64_t first;
        int64_t last;
        int64_t step = 1;
        bool first_character;
        bool last_character;
        TRY(range_end(run, php_argument(call, 0), &first, &first_character));
        TRY(range_end(run, php_argument(call, 1), &last, &last_character));
        if (php_given(call, 2) && php_argument(call, 2).type != PHP_TYPE_INT)
                return php_needs_php(run, "range() with a step that is no whole number");
        TRY(php_optional_int(run, call, 2, &step));
        if (step == INT64_MIN || first_character != last_character)
                return php_needs_php(run, "range() of a number and a character");
        uint64_t width = first < last ? (uint64_t)last - (uint64_t)first : (uint64_t)first - (uint64_t)last;
        uint64_t stride = (uint64_t)(step < 0 ? -step : step);
        if (stride == 0 || (width > 0 && stride > width) || (step < 0 && first < last))
                return php_differs(run, "range() with this step");
        if (width / stride > ELEMENT_LIMIT)
                return php_needs_php(run, "range() of so many elements");
        _cleanup_php_value_ struct php_value values = php_new_array();
        for (uint64_t i = 0; i <= width / stride; i++) {
                TRY(php_step(run));
                uint64_t distance = i * stride;
                int64_t value =
                        (int64_t)(first < last ? (uint64_t)first + distance : (uint64_t)first - distance);
                char byte = (char)value;
                php_array_append(&values, first_character ? php_bytes(&byte, 1) : php_int(value));
        }
        return php_return(call, php_steal(&values));
}

const struct php_host_function php_functions_array_build[] = {
        {"array_change_key_case", array_change_key_case, 1, 2, 0, "array,case"},
        {"array_chunk", array_chunk, 2, 3, 0, "array,length,preserve_keys"},
        {"array_column", array_column, 2, 3, 0, "array,column_key,index_key"},
        {"array_combine", array_combine, 2, 2, 0, "keys,values"},
        {"array_count_values", array_count_values, 1, 1, 0, "array"},
        {"array_fill", array_fill, 3, 3, 0, "start_index,count,value"},
        {"array_fill_keys", array_fill_keys, 2, 2, 0, "keys,value"},
        {"array_flip", array_flip, 1, 1, 0, "array"},
        {"array_merge", array_merge, 0, PHP_ANY, 0, NULL},
        {"array_merge_recursive", array_merge_recursive, 0, PHP_ANY, 0, NULL},
        {"array_pad", array_pad, 3, 3, 0, "array,length,value"},
        {"array_replace", array_replace, 1, PHP_ANY, 0, NULL},
        {"array_replace_recursive", array_replace_recursive, 1, PHP_ANY, 0, NULL},
        {"array_reverse", array_reverse, 1, 2, 0, "array,preserve_keys"},
        {"array_slice", array_slice, 2, 4, 0, "array,offset,length,preserve_keys"},
        {"array_splice", array_splice, 2, 4, 1, "array,offset,length,replacement"},
        {"range", range, 2, 3, 0, "start,end,step"},
        {0},
};
