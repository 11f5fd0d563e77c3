/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

/* ArrayIterator and ArrayObject over arrays. */

struct collection {
        struct php_value array;
        size_t at; /* what php_array_next goes on at */
};

static void collection_free(void *host)
{
        struct collection *collection = host;
        php_clear(&collection->array);
        free(collection);
}

static void *collection_clone(const void *host)
{
        const struct collection *collection = host;
        struct collection *copy = memory_new(sizeof(*copy));
        *copy = (struct collection){.array = php_copy(collection->array), .at = collection->at};
        return copy;
}

static enum php_flow construct_collection(struct php_run *run, struct php_call *call)
{
        if (call->count > 1 || (call->count == 1 && php_argument(call, 0).type != PHP_TYPE_ARRAY))
                return php_needs_php(run, "a collection of anything but an array");
        struct collection *collection = memory_new(sizeof(*collection));
        collection->array = call->count == 1 ? php_copy(php_argument(call, 0)) : php_new_array();
        php_set_host_data(call->this, collection);
        return php_return(call, PHP_NULL_VALUE);
}

/* A class that extends one of these may not have called its constructor. */
static enum php_flow collection_of(struct php_run *run, struct php_call *call, struct collection **ret)
{
        *ret = call->this_host;
        return *ret ? PHP_OK : php_needs_php(run, "a collection that was not constructed");
}

PHP_FUNCTION(get_count)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        return php_return(call, php_int((int64_t)php_array_count(collection->array)));
}

PHP_FUNCTION(get_copy)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        return php_return(call, php_copy(collection->array));
}

PHP_FUNCTION(append)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        if (!php_array_append(&collection->array, php_copy(php_argument(call, 0))))
                return php_needs_php(run, "append() behind the largest key");
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow argument_key(struct php_run *run, struct php_call *call, struct php_key *ret)
{
        struct php_value name = php_argument(call, 0);
        if ((name.type != PHP_TYPE_STRING && name.type != PHP_TYPE_INT) || !php_key_of(name, ret))
                return php_needs_php(run, "a collection's key that is a %s", php_type_name(name));
        return PHP_OK;
}

PHP_FUNCTION(offset_get)
{
        struct collection *collection;
        struct php_key key;
        TRY(collection_of(run, call, &collection));
        TRY(argument_key(run, call, &key));
        const struct php_value *value = php_array_get(collection->array, key);
        if (!value)
                return php_needs_php(run, "a collection's key that is not there");
        return php_return(call, php_copy(*value));
}

PHP_FUNCTION(offset_exists)
{
        struct collection *collection;
        struct php_key key;
        TRY(collection_of(run, call, &collection));
        TRY(argument_key(run, call, &key));
        return php_return(call, php_bool(php_array_get(collection->array, key)));
}

PHP_FUNCTION(offset_set)
{
        struct collection *collection;
        struct php_key key;
        TRY(collection_of(run, call, &collection));
        struct php_value value = php_copy(php_argument(call, 1));
        if (php_argument(call, 0).type == PHP_TYPE_NULL) {
                if (!php_array_append(&collection->array, value))
                        return php_needs_php(run, "append() behind the largest key");
                return php_return(call, PHP_NULL_VALUE);
        }
        enum php_flow flow = argument_key(run, call, &key);
        if (flow != PHP_OK) {
                php_release(value);
                return flow;
        }
        php_array_set(&collection->array, key, value);
        return php_return(call, PHP_NULL_VALUE);
}

PHP_FUNCTION(offset_unset)
{
        struct collection *collection;
        struct php_key key;
        TRY(collection_of(run, call, &collection));
        TRY(argument_key(run, call, &key));
        (void)php_array_remove(&collection->array, key);
        return php_return(call, PHP_NULL_VALUE);
}

PHP_FUNCTION(get_current)
{
        struct collection *collection;
        struct php_value value;
        TRY(collection_of(run, call, &collection));
        size_t at = collection->at;
        bool any = php_array_next(collection->array, &at, NULL, &value);
        return php_return(call, any ? php_copy(value) : PHP_NULL_VALUE);
}

PHP_FUNCTION(get_key)
{
        struct collection *collection;
        struct php_key key;
        TRY(collection_of(run, call, &collection));
        size_t at = collection->at;
        bool any = php_array_next(collection->array, &at, &key, NULL);
        return php_return(call, any ? php_key_value(key) : PHP_NULL_VALUE);
}

PHP_FUNCTION(move_on)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        (void)php_array_next(collection->array, &collection->at, NULL, NULL);
        return php_return(call, PHP_NULL_VALUE);
}

PHP_FUNCTION(rewind_all)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        collection->at = 0;
        return php_return(call, PHP_NULL_VALUE);
}

PHP_FUNCTION(is_valid)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        size_t at = collection->at;
        return php_return(call, php_bool(php_array_next(collection->array, &at, NULL, NULL)));
}

/* What changes the object while its iterator walks would show in PHP: the iterator here has its own array. */
PHP_FUNCTION(get_iterator)
{
        struct collection *collection;
        TRY(collection_of(run, call, &collection));
        const struct php_value array = collection->array;
        return php_new(run, "ArrayIterator", &array, 1, call->ret);
}

#define COLLECTION_METHODS                                                                                   \
        {"append", append, 1, 1, false, "value"}, {"count", get_count, 0, 0, false, NULL},                   \
                {"getArrayCopy", get_copy, 0, 0, false, NULL},                                               \
                {"offsetExists", offset_exists, 1, 1, false, "key"},                                         \
                {"offsetGet", offset_get, 1, 1, false, "key"},                                               \
                {"offsetSet", offset_set, 2, 2, false, "key,value"},                                         \
        {                                                                                                    \
                "offsetUnset", offset_unset, 1, 1, false, "key"                                              \
        }

static const struct php_host_method iterator_methods[] = {
        COLLECTION_METHODS,
        {"current", get_current, 0, 0, false, NULL},
        {"key", get_key, 0, 0, false, NULL},
        {"next", move_on, 0, 0, false, NULL},
        {"rewind", rewind_all, 0, 0, false, NULL},
        {"valid", is_valid, 0, 0, false, NULL},
        {0},
};

static const struct php_host_method object_methods[] = {
        COLLECTION_METHODS,
        {"getIterator", get_iterator, 0, 0, false, NULL},
        {0},
};

const struct php_host_class php_classes_collection[] = {
        {.name = "ArrayIterator",
                .interfaces = "Iterator,ArrayAccess,Countable",
                .methods = iterator_methods,
                .construct = construct_collection,
                .release = collection_free /* a clone shares its array in PHP: no .clone */},
        {.name = "ArrayObject",
                .interfaces = "IteratorAggregate,ArrayAccess,Countable",
                .methods = object_methods,
                .construct = construct_collection,
                .release = collection_free,
                .clone = collection_clone},
        {0},
};
