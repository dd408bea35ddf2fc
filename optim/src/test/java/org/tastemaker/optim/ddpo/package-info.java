/** Tests of DDPO. */
@org.jspecify.annotations.NullMarked
package org.tastemaker.optim.ddpo;
