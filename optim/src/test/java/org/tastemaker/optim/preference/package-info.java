/** Tests. */
@org.jspecify.annotations.NullMarked
package org.tastemaker.optim.preference;
