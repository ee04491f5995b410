package org.hatask;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the parameter of an {@link HaTask} method whose argument is the key for {@link Balance#CONSISTENT_HASH}. At most one
 * parameter of a method has it; other strategies ignore it. A durable task may not have one.
 *
 * <p>The key is the argument's text, which must be the same on every node and with every Java version. So the parameter's
 * type is {@code String} or another {@code CharSequence}, a number, {@code char} or {@code boolean}, an enum (by name), a
 * {@code UUID}, a {@code URI} or a date or time of {@code java.time}; {@code null} counts as the empty text. For anything
 * else, such as a record, pass the part that identifies it as a parameter of its own.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface BalanceKey {}
