/** The web server of the pages. */
@NullMarked
package org.tastemaker.human.web;

import org.jspecify.annotations.NullMarked;
