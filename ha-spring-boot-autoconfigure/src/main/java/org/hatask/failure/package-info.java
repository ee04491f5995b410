/** Who is fit for work: judges nodes by what becomes of calls to them and by what they say of themselves. */
@NullMarked
package org.hatask.failure;

import org.jspecify.annotations.NullMarked;
