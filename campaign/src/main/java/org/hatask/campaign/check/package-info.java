/** Judges what was written down: pure functions from a history to findings and figures. Knows no process and no clock. */
package org.hatask.campaign.check;
