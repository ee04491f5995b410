CREATE TABLE ha_fence (id INT);
