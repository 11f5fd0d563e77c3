/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * PHP's arrays: elements stand in the order in which they were made, in one vector of buckets. A list (keys
 * 0, 1, 2 … in order) finds an element by its place; other arrays have a table of hashes beside, keyed so
 * that nobody who writes data can choose keys that collide.
 *
 * Removed elements leave holes; the vector closes them when it would have to grow. So that walks go on at the
 * right place nevertheless, each bucket has a serial number, which only rises.
 */

#include "migrations-reader/php/value.h"

#include "migrations-reader/php/value_private.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#define NO_BUCKET UINT32_MAX
#define LEAST_CAPACITY 8u

struct bucket {
        struct php_value value;
        struct php_string *name; /* NULL: the key is an integer */
        uint64_t key; /* the integer, or the hash of name */
        uint32_t next; /* with the same place in the table */
        bool removed;
        uint64_t serial;
};

struct php_array {
        size_t references;
        struct bucket *buckets;
        uint32_t *table; /* NULL: a list */
        uint32_t used, capacity; /* buckets; the table has `capacity` places, a power of two */
        uint32_t count; /* without removed ones */
        uint64_t next_serial;
        int64_t next_key;
        size_t pointer; /* the internal one: the serial number that it waits for */
};

/* ---- hashes ---- */

static uint64_t hash_keys[2];

__attribute__((constructor)) static void choose_hash_keys(void)
{
        if (getrandom(hash_keys, sizeof(hash_keys), GRND_NONBLOCK) != sizeof(hash_keys)) {
                struct timespec now = {0};
                clock_gettime(CLOCK_MONOTONIC, &now);
                hash_keys[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
                hash_keys[1] = (uint64_t)(uintptr_t)&now ^ (uint64_t)now.tv_sec << 32;
        }
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
        return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein 2012). */
static uint64_t hash_bytes(const char *bytes, size_t size)
{
        uint64_t v[4] = {hash_keys[0] ^ 0x736f6d6570736575u, hash_keys[1] ^ 0x646f72616e646f6du,
                hash_keys[0] ^ 0x6c7967656e657261u, hash_keys[1] ^ 0x7465646279746573u};
        size_t at = 0;
        for (; size - at >= 8; at += 8) {
                uint64_t word;
                memcpy(&word, bytes + at, 8);
                v[3] ^= word;
                sip_round(v);
                v[0] ^= word;
        }
        uint64_t last = (uint64_t)size << 56;
        for (unsigned shift = 0; at < size; at++, shift += 8)
                last |= (uint64_t)(unsigned char)bytes[at] << shift;
        v[3] ^= last;
        sip_round(v);
        v[0] ^= last;
        v[2] ^= 0xff;
        for (int i = 0; i < 3; i++)
                sip_round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t hash_of(bool is_string, uint64_t key)
{
        return is_string ? key : hash_bytes((const char *)&key, sizeof(key));
}

/* ---- keys ---- */

struct php_key php_key_int(int64_t key)
{
        return (struct php_key){.integer = key};
}

/* A decimal integer as PHP itself would write it, and in range. */
static bool read_integer_key(const char *bytes, size_t size, int64_t *ret)
{
        bool negative = size > 0 && bytes[0] == '-';
        size_t at = negative;
        if (size == at || size - at > 19 || (bytes[at] == '0' && size > 1))
                return false;
        uint64_t number = 0;
        for (; at < size; at++) {
                if (bytes[at] < '0' || bytes[at] > '9')
                        return false;
                number = number * 10 + (uint64_t)(bytes[at] - '0');
        }
        if (number > (uint64_t)INT64_MAX + negative)
                return false;
        *ret = (int64_t)(negative ? 0 - number : number);
        return true;
}

struct php_key php_key_bytes(const char *bytes, size_t size)
{
        struct php_key key = {0};
        if (!read_integer_key(bytes, size, &key.integer))
                key = (struct php_key){.is_string = true, .bytes = bytes, .size = size};
        return key;
}

struct php_value php_key_value(struct php_key key)
{
        return key.is_string ? php_bytes(key.bytes, key.size) : php_int(key.integer);
}

static struct php_key bucket_key(const struct bucket *bucket)
{
        if (!bucket->name)
                return php_key_int((int64_t)bucket->key);
        return (struct php_key){.is_string = true, .bytes = bucket->name->bytes, .size = bucket->name->size};
}

/* ---- making, freeing, copying ---- */

static const struct php_value *seen_through(const struct php_value *value)
{
        while (value->type == PHP_TYPE_REFERENCE)
                value = &value->reference->value;
        return value;
}

static struct php_array *array_of(struct php_value value)
{
        return php_look(value).array;
}

static struct php_array *array_new(uint32_t capacity)
{
        struct php_array *array = php_memory_take(sizeof(*array));
        *array = (struct php_array){.references = 1, .capacity = capacity};
        if (capacity > 0)
                array->buckets = php_memory_take(capacity * sizeof(*array->buckets));
        return array;
}

struct php_value php_new_array(void)
{
        return (struct php_value){.type = PHP_TYPE_ARRAY, .array = array_new(0)};
}

size_t *php_array_references(struct php_array *array)
{
        return &array->references;
}

static void drop_table(struct php_array *array)
{
        if (array->table)
                php_memory_give(array->table, array->capacity * sizeof(*array->table));
        array->table = NULL;
}

void php_array_free(struct php_array *array)
{
        for (uint32_t i = 0; i < array->used; i++) {
                struct bucket *bucket = &array->buckets[i];
                if (bucket->removed)
                        continue;
                if (bucket->name)
                        php_string_unref(bucket->name);
                php_release(bucket->value);
        }
        drop_table(array);
        if (array->buckets)
                php_memory_give(array->buckets, array->capacity * sizeof(*array->buckets));
        php_memory_give(array, sizeof(*array));
}

static void link_bucket(struct php_array *array, uint32_t at)
{
        struct bucket *bucket = &array->buckets[at];
        uint32_t *place = &array->table[hash_of(bucket->name, bucket->key) & (array->capacity - 1)];
        bucket->next = *place;
        *place = at;
}

static void make_table(struct php_array *array)
{
        drop_table(array);
        array->table = php_memory_take(array->capacity * sizeof(*array->table));
        memset(array->table, 0xff, array->capacity * sizeof(*array->table));
        for (uint32_t i = 0; i < array->used; i++)
                if (!array->buckets[i].removed)
                        link_bucket(array, i);
}

static struct bucket copy_bucket(const struct bucket *bucket, const struct php_array *array)
{
        struct bucket copy = *bucket;
        if (copy.name)
                copy.name->references++;
        /* A reference that nobody else has is a plain value in the copy. Not so when it holds the array
         * itself: that circle stays one. */
        const struct php_value *inner = seen_through(&copy.value);
        if (inner->type == PHP_TYPE_ARRAY && inner->array == array)
                php_copy(copy.value);
        else
                copy.value = php_copy_element(copy.value);
        return copy;
}

static struct php_array *copy_array(const struct php_array *array)
{
        struct php_array *copy = array_new(array->capacity);
        copy->next_serial = array->next_serial;
        copy->next_key = array->next_key;
        copy->pointer = array->pointer;
        copy->count = array->count;
        bool list = !array->table;
        for (uint32_t i = 0; i < array->used; i++)
                if (list || !array->buckets[i].removed) {
                        const struct bucket *bucket = &array->buckets[i];
                        copy->buckets[copy->used++] = bucket->removed ? *bucket : copy_bucket(bucket, array);
                }
        if (!list)
                make_table(copy);
        return copy;
}

/* The array behind *value, for writing: no one else's. */
static struct php_array *own(struct php_value *value)
{
        while (value->type == PHP_TYPE_REFERENCE)
                value = &value->reference->value;
        if (value->array->references > 1) {
                struct php_array *copy = copy_array(value->array);
                value->array->references--;
                value->array = copy;
        }
        return value->array;
}

/* ---- finding ---- */

static struct bucket *find(const struct php_array *array, struct php_key key)
{
        if (!array->table) {
                if (key.is_string || (uint64_t)key.integer >= array->used)
                        return NULL;
                struct bucket *bucket = &array->buckets[key.integer];
                return bucket->removed ? NULL : bucket;
        }
        uint64_t stored = key.is_string ? hash_bytes(key.bytes, key.size) : (uint64_t)key.integer;
        uint32_t at = array->table[hash_of(key.is_string, stored) & (array->capacity - 1)];
        while (at != NO_BUCKET) {
                struct bucket *bucket = &array->buckets[at];
                if (bucket->key == stored && !bucket->name == !key.is_string &&
                        (!key.is_string || (bucket->name->size == key.size &&
                                                   memcmp(bucket->name->bytes, key.bytes, key.size) == 0)))
                        return bucket;
                at = bucket->next;
        }
        return NULL;
}

size_t php_array_count(struct php_value array)
{
        return array_of(array)->count;
}

const struct php_value *php_array_get(struct php_value array, struct php_key key)
{
        const struct bucket *bucket = find(array_of(array), key);
        return bucket ? seen_through(&bucket->value) : NULL;
}

const struct php_value *php_array_get_text(struct php_value array, const char *key)
{
        return php_array_get(array, php_key_bytes(key, strlen(key)));
}

/* ---- writing ---- */

static void close_holes(struct php_array *array)
{
        uint32_t to = 0;
        for (uint32_t from = 0; from < array->used; from++)
                if (!array->buckets[from].removed)
                        array->buckets[to++] = array->buckets[from];
        array->used = to;
        make_table(array);
}

static void enlarge(struct php_array *array)
{
        uint32_t capacity = array->capacity ? array->capacity * 2 : LEAST_CAPACITY;
        if (capacity <= array->capacity)
                abort(); /* 2^32 elements: far beyond any memory limit */
        bool had_table = array->table;
        drop_table(array);
        struct bucket *buckets = php_memory_take(capacity * sizeof(*buckets));
        if (array->used > 0)
                memcpy(buckets, array->buckets, array->used * sizeof(*buckets));
        if (array->buckets)
                php_memory_give(array->buckets, array->capacity * sizeof(*buckets));
        array->buckets = buckets;
        array->capacity = capacity;
        if (had_table)
                make_table(array);
}

/* Makes room for one more bucket. */
static void make_room(struct php_array *array)
{
        if (array->used < array->capacity)
                return;
        if (array->used - array->count > array->used / 4)
                close_holes(array);
        else
                enlarge(array);
}

static void note_key(struct php_array *array, int64_t key)
{
        if (key >= array->next_key)
                array->next_key = key < INT64_MAX ? key + 1 : key;
}

static struct bucket *add(struct php_array *array, struct php_key key)
{
        make_room(array);
        if (!array->table && (key.is_string || key.integer != (int64_t)array->used))
                make_table(array);
        struct bucket *bucket = &array->buckets[array->used];
        *bucket = (struct bucket){.serial = array->next_serial++, .next = NO_BUCKET};
        if (key.is_string) {
                bucket->name = php_string_new(key.bytes, key.size);
                bucket->key = hash_bytes(key.bytes, key.size);
        } else {
                bucket->key = (uint64_t)key.integer;
                note_key(array, key.integer);
        }
        if (array->table)
                link_bucket(array, array->used);
        array->used++;
        array->count++;
        return bucket;
}

struct php_value *php_array_slot(struct php_value *array, struct php_key key)
{
        struct php_array *target = own(array);
        struct bucket *bucket = find(target, key);
        if (!bucket)
                bucket = add(target, key);
        return &bucket->value;
}

void php_array_set(struct php_value *array, struct php_key key, struct php_value value)
{
        php_assign(php_array_slot(array, key), value);
}

void php_array_set_text(struct php_value *array, const char *key, struct php_value value)
{
        php_array_set(array, php_key_bytes(key, strlen(key)), value);
}

struct php_value *php_array_slot_append(struct php_value *array)
{
        struct php_array *target = own(array);
        if (target->next_key == INT64_MAX && find(target, php_key_int(INT64_MAX)))
                return NULL;
        return &add(target, php_key_int(target->next_key))->value;
}

bool php_array_append(struct php_value *array, struct php_value value)
{
        struct php_value *slot = php_array_slot_append(array);
        if (!slot) {
                php_release(value);
                return false;
        }
        *slot = value;
        return true;
}

static void unlink_bucket(struct php_array *array, const struct bucket *bucket)
{
        uint32_t at = (uint32_t)(bucket - array->buckets);
        uint32_t *link = &array->table[hash_of(bucket->name, bucket->key) & (array->capacity - 1)];
        while (*link != at)
                link = &array->buckets[*link].next;
        *link = bucket->next;
}

bool php_array_remove(struct php_value *array, struct php_key key)
{
        if (!find(array_of(*array), key))
                return false;
        struct php_array *target = own(array);
        struct bucket *bucket = find(target, key);
        struct php_value value = php_steal(&bucket->value);
        struct php_string *name = bucket->name;
        if (target->table)
                unlink_bucket(target, bucket);
        bucket->name = NULL;
        bucket->removed = true;
        target->count--;
        if (name)
                php_string_unref(name);
        php_release(value);
        return true;
}

int64_t php_array_next_key(struct php_value array)
{
        return array_of(array)->next_key;
}

void php_array_set_next_key(struct php_value *array, int64_t key)
{
        own(array)->next_key = key;
}

size_t php_array_pointer(struct php_value array)
{
        return array_of(array)->pointer;
}

void php_array_set_pointer(struct php_value *array, size_t at)
{
        if (array_of(*array)->pointer != at)
                own(array)->pointer = at;
}

/* ---- walking ---- */

/* The first bucket whose serial number is at least `serial`. */
static uint32_t place_of(const struct php_array *array, uint64_t serial)
{
        if (array->used == 0 || array->buckets[array->used - 1].serial == array->used - 1)
                return serial < array->used ? (uint32_t)serial : array->used;
        uint32_t low = 0, high = array->used;
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (array->buckets[middle].serial < serial)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static struct bucket *next_bucket(const struct php_array *array, size_t *at)
{
        for (uint32_t place = place_of(array, *at); place < array->used; place++) {
                struct bucket *bucket = &array->buckets[place];
                if (bucket->removed)
                        continue;
                *at = (size_t)bucket->serial + 1;
                return bucket;
        }
        return NULL;
}

bool php_array_next(struct php_value array, size_t *at, struct php_key *ret_key, struct php_value *ret_value)
{
        const struct bucket *bucket = next_bucket(array_of(array), at);
        if (!bucket)
                return false;
        if (ret_key)
                *ret_key = bucket_key(bucket);
        if (ret_value)
                *ret_value = php_look(bucket->value);
        return true;
}

bool php_array_next_element(
        struct php_value array, size_t *at, struct php_key *ret_key, const struct php_value **ret_element)
{
        const struct bucket *bucket = next_bucket(array_of(array), at);
        if (!bucket)
                return false;
        if (ret_key)
                *ret_key = bucket_key(bucket);
        *ret_element = &bucket->value;
        return true;
}

bool php_array_previous(
        struct php_value array, size_t *at, struct php_key *ret_key, struct php_value *ret_value)
{
        const struct php_array *looked_at = array_of(array);
        for (uint32_t place = place_of(looked_at, *at); place-- > 0;) {
                const struct bucket *bucket = &looked_at->buckets[place];
                if (bucket->removed)
                        continue;
                *at = (size_t)bucket->serial;
                if (ret_key)
                        *ret_key = bucket_key(bucket);
                if (ret_value)
                        *ret_value = php_look(bucket->value);
                return true;
        }
        return false;
}

bool php_array_next_slot(
        struct php_value *array, size_t *at, struct php_key *ret_key, struct php_value **ret_slot)
{
        struct bucket *bucket = next_bucket(own(array), at);
        if (!bucket)
                return false;
        if (ret_key)
                *ret_key = bucket_key(bucket);
        if (ret_slot)
                *ret_slot = &bucket->value;
        return true;
}
