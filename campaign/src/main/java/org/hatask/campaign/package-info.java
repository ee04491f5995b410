/** Runs a cluster of real processes under random faults and checks what it promised; see {@code docs/fault-campaign.md}. */
package org.hatask.campaign;
