package org.hatask;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A bean that lives only on the primary: with {@code ha.topology=primary-backup} and {@code ha.standby=cold} it is made and
 * started when its node becomes primary, and stopped and destroyed when it no longer is. Everywhere else the annotation
 * means nothing and the bean is an ordinary one.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface PrimaryOnly {}
