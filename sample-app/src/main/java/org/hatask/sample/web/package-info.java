/** The desk over HTTP. */
@NullMarked
package org.hatask.sample.web;

import org.jspecify.annotations.NullMarked;
