/**
 * The page on which people judge a queue of groups, and the page on which whoever leads them sees
 * how it goes.
 */
@NullMarked
package org.tastemaker.human.annotate;

import org.jspecify.annotations.NullMarked;
